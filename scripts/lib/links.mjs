// Checks that every relative link of the Markdown pages leads to a file and a heading, and that every comment that cites
// a heading of a page of docs/reference cites one that is there.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './steps.mjs';

/** What comments cite: `client-behaviour.md#history`. */
const citation = /\b([\w-]+\.md)#([\w-]+)/g;
const link = /\]\((?!https?:|mailto:)([^)\s]*)\)/g;

/**
 * Checks the files git knows below `root`.
 * @returns the problems, each as `file:line: what is wrong`, in the order of the files
 */
export async function checkLinks(root) {
  const files = (await run('git', ['ls-files'], { cwd: root })).trim().split('\n');
  const headings = new Map();
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    headings.set(file, headingsOf(await read(root, file)));
  }
  const problems = [];
  for (const file of files) {
    if (!/\.(md|ts|mjs|proto)$/.test(file) || !existsSync(path.join(root, file))) continue;
    const text = await read(root, file);
    const found = file.endsWith('.md')
      ? linkProblems(root, file, text, headings)
      : citationProblems(text, headings);
    problems.push(...found.map(({ at, what }) => `${file}:${lineOf(text, at)}: ${what}`));
  }
  return problems;
}

function linkProblems(root, file, text, headings) {
  const problems = [];
  for (const { 1: target, index: at } of withoutCode(text).matchAll(link)) {
    const [name, heading] = target.split('#');
    const page = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
    if (!existsSync(path.join(root, page))) problems.push({ at, what: `there is no ${page}` });
    else if (heading && headings.has(page) && !headings.get(page).has(heading))
      problems.push({ at, what: `${page} has no heading #${heading}` });
  }
  return problems;
}

function citationProblems(text, headings) {
  const problems = [];
  for (const { 1: name, 2: heading, index: at } of text.matchAll(citation)) {
    const page = `docs/reference/${name}`;
    if (headings.has(page) && !headings.get(page).has(heading))
      problems.push({ at, what: `${page} has no heading #${heading}` });
  }
  return problems;
}

/** The anchors of a page's headings, as GitHub makes them; one that comes again is numbered. */
function headingsOf(text) {
  const found = new Set();
  for (const { 1: title } of withoutCode(text).matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const anchor = title
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let name = anchor;
    for (let again = 1; found.has(name); again++) name = `${anchor}-${again}`;
    found.add(name);
  }
  return found;
}

/** Lines stay where they are. */
function withoutCode(text) {
  return text.replace(/^(`{3,})[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ' '));
}

function lineOf(text, at) {
  return text.slice(0, at).split('\n').length;
}

function read(root, file) {
  return readFile(path.join(root, file), 'utf8').catch(() => '');
}
