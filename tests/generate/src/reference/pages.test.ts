import path from 'node:path';
import { expect, it } from 'vitest';
import { referencePages } from './pages.js';

// `npm test` checks separately that the page in the repository is up to date.
it('the page of variables has every service with its variables and defaults', async () => {
  const pages = await referencePages(path.resolve(import.meta.dirname, '../../../..'));
  const text = pages.find(({ file }) => file === 'docs/reference/configuration.md')!.text;
  expect(text).toContain('## msg_server\n\n| Variable | Default | Meaning |\n|---|---|---|\n');
  expect(text).toContain('\n| `CLIENT_PORT` | `8000` | Port for clients |\n');
  expect(text).toContain('\n| `DATABASE_URL` | required | ');
  // Every service, and the canary.
  expect(text.match(/^## /gm)).toHaveLength(11);
  // The test loads every service.
}, 120_000);
