import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkLinks } from './links.mjs';
import { run } from './steps.mjs';

let root;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'links-'));
  await run('git', ['init', '-q'], { cwd: root });
  await file(
    'docs/reference/rules.md',
    '# Rules\n\n## A client’s own key\n\n```\n# no heading\n```\n\n## Again\n\n## Again\n',
  );
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function file(name, text) {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), text);
  await run('git', ['add', '.'], { cwd: root });
}

it('takes links and citations that lead somewhere', async () => {
  await file(
    'README.md',
    '# Start\n[rules](docs/reference/rules.md#again-1) [here](#start) [out](https://example.org/x)\n',
  );
  await file('a.ts', '// rules.md#a-clients-own-key, other.md#whatever\n');
  expect(await checkLinks(root)).toEqual([]);
});

it('names those that do not, with their place', async () => {
  await file('README.md', '\n[rules](docs/rules.md)\n[rules](docs/reference/rules.md#no-heading)\n');
  await file('a.ts', '\n\n// rules.md#nothing\n');
  expect(await checkLinks(root)).toEqual([
    'README.md:2: there is no docs/rules.md',
    'README.md:3: docs/reference/rules.md has no heading #no-heading',
    'a.ts:3: docs/reference/rules.md has no heading #nothing',
  ]);
});
