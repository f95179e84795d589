import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const top = path.resolve(import.meta.dirname, '../../../..');

/** The sources below a folder, without tests. */
function sources(folder: string): string[] {
  return readdirSync(path.join(top, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(path.join(top, folder, name), 'utf8'));
}

it('the console has words for each verb that the store records', () => {
  const recorded = /(?:verb: |record\(\s*|recordMigration\(runner, )'([a-z]+\.[a-z-]+)'/g;
  const verbs = new Set(
    [...sources('services/db_proxy_server/src'), ...sources('services/cli/src')].flatMap((text) =>
      [...text.matchAll(recorded)].map(([, verb]) => verb),
    ),
  );
  expect(verbs.size).toBeGreaterThan(55);
  const texts = readFileSync(path.join(top, 'services/admin_server/web/src/text/en.ts'), 'utf8');
  expect([...verbs].filter((verb) => !texts.includes(`'verb.${verb}':`)).sort()).toEqual([]);
});
