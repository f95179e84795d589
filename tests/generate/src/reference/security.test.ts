import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8');

/** The cells of every row in tables whose last column names a test. */
function rows(): string[][] {
  const found: string[][] = [];
  let isTests = false;
  for (const line of page.split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : [];
    if (cells.length === 0) isTests = false;
    else if (cells.at(-1)?.trim() === 'test') isTests = true;
    else if (isTests && !/^[\s|:-]+$/.test(line)) found.push(cells.map((cell) => cell.trim()));
  }
  return found;
}

it('every threat and every limit names an existing test', () => {
  const tests = execFileSync('git', ['ls-files', '*.test.ts'], { cwd: root, encoding: 'utf8' }).split('\n');
  const all = rows();
  expect(all.length).toBeGreaterThan(40);
  const problems = all.flatMap((cells) => {
    const cell = cells.at(-1) ?? '';
    const named = [...cell.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name]) => name as string);
    if (named.length === 0 && cell !== 'the same') return [`no test: ${cells[0]}`];
    return named
      .filter((name) => !tests.some((file) => `/${file}`.endsWith(`/${name}`)))
      .map((name) => `${name} does not exist`);
  });
  expect(problems).toEqual([]);
});
