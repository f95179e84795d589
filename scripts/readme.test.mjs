// The two READMEs say the same: their commands, links, ports and tables are equal.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (name) => readFile(fileURLToPath(new URL(`../${name}`, import.meta.url)), 'utf8');
const [english, chinese] = await Promise.all([read('README.md'), read('README.zh-CN.md')]);

/** Everything that matches, in its order, spaces and line breaks made one. */
const all = (text, pattern) => [...text.matchAll(pattern)].map(([match]) => match.replaceAll(/\s+/g, ' '));

it.each([
  ['blocks of commands', /```[\s\S]*?```/g],
  ['commands and names', /`[^`\n]+`/g],
  ['links', /\]\((?!README)[^)]*\)/g],
  ['numbers', /\b\d+(\.\d+)?\b/g],
  ['chapters', /^#+ /gm],
  ['rows of tables', /^\|[^|]*\|/gm],
])('have the same %s', (_, pattern) => {
  const first = (text) => all(text, pattern).filter((row) => !/^\| (service|服务) \|/.test(row));
  expect(first(chinese)).toEqual(first(english));
});

it('have no empty part', () => {
  expect(all(english, /```[\s\S]*?```/g).length).toBeGreaterThan(3);
});
