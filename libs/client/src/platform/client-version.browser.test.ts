import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultClientVersion } from './client-version.browser.js';

it('names the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(defaultClientVersion).toBe(`web/${version}`);
});
