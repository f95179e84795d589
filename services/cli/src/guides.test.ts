import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { createProgram } from './cli.js';

const program = await createProgram();
const top = fileURLToPath(new URL('../../../', import.meta.url));

/** Every page, with the code in it: blocks, and what stands between backticks. */
async function pages(): Promise<{ page: string; code: string[] }[]> {
  const inDocs = (await readdir(path.join(top, 'docs'), { recursive: true })).map((file) => `docs/${file}`);
  const files = [...inDocs.filter((file) => file.endsWith('.md')), 'README.md', 'README.zh-CN.md'];
  return Promise.all(
    files.map(async (page) => {
      const text = await readFile(path.join(top, page), 'utf8');
      const blocks = [...text.matchAll(/```[\s\S]*?```/g)].flatMap(([block]) => block.split('\n'));
      const spans = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(
        ([, span]) => span!,
      );
      return { page, code: [...blocks, ...spans].map((code) => code.replaceAll(/\s+/g, ' ')) };
    }),
  );
}

/** What is wrong with the words of a `teamtalk` command; undefined: nothing. */
function problemOf(words: string[]): string | undefined {
  let command: Command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (!next) break;
    command = next;
  }
  if (command.parent === null && !['--help', '--version'].includes(words[0]!))
    return `no command ${words[0]}`;
  const options = [...command.options.map(({ long }) => long), '--help'];
  const unknown = words.find((word) => /^--\w/.test(word) && !options.includes(word.split('=')[0]!));
  return unknown && `${command.name()} has no ${unknown}`;
}

it('name only commands and options of teamtalk that there are', async () => {
  const problems: string[] = [];
  let count = 0;
  for (const { page, code } of await pages()) {
    for (const [, line] of code.flatMap((each) => [...each.matchAll(/npx teamtalk ([^|#&;>]+)/g)])) {
      count++;
      // What is between quotes is a text to send.
      const words = line!
        .replaceAll(/'[^']*'|"[^"]*"/g, 'TEXT')
        .trim()
        .split(' ');
      const problem = problemOf(words);
      if (problem) problems.push(`${page}: ${line}: ${problem}`);
    }
  }
  expect(problems).toEqual([]);
  expect(count).toBeGreaterThan(40);
});

it('name only scripts of npm that there are', async () => {
  const { scripts } = JSON.parse(await readFile(path.join(top, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const problems: string[] = [];
  let count = 0;
  for (const { page, code } of await pages()) {
    for (const [line, run, name] of code.flatMap((each) => [...each.matchAll(/^\W*npm (run )?([\w:-]+)/g)])) {
      count++;
      const isScript = name! in scripts && (run || name === 'start' || name === 'test');
      if (!isScript) problems.push(`${page}: ${line}`);
    }
  }
  expect(problems).toEqual([]);
  expect(count).toBeGreaterThan(20);
});
