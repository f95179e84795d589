// Makes the package that is published: `node libs/client/pack/pack.mjs [FOLDER]`, after `npm run build`. It holds one
// bundle for Node, one for browsers, and the types; it depends on no other package.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundle } from './bundle.mjs';
import { licencesOf } from './licences.mjs';
import { collectTypes } from './types.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const top = path.resolve(folder, '../..');
const reference = path.join(top, 'docs/reference/sdk.md');
const readJson = async (file) => JSON.parse(await readFile(file, 'utf8'));

/** @returns the file made in `target` */
async function pack(target) {
  const stage = await mkdtemp(path.join(tmpdir(), 'teamtalk-client-'));
  try {
    const packages = await bundle(path.join(folder, 'dist'), path.join(stage, 'dist'));
    await collectTypes(
      path.join(folder, 'dist'),
      path.join(folder, '../protocol'),
      path.join(stage, 'types'),
    );
    await writeFile(path.join(stage, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(packages));
    await writeFile(path.join(stage, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`);
    await writeFile(path.join(stage, 'README.md'), await pageOf(path.join(folder, 'README.md')));
    await writeFile(path.join(stage, 'REFERENCE.md'), await pageOf(reference));
    await cp(path.join(top, 'LICENSE'), path.join(stage, 'LICENSE'));
    await mkdir(target, { recursive: true });
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', target];
    const { stdout } = await promisify(execFile)('npm', words, { cwd: stage });
    const [{ filename }] = JSON.parse(stdout);
    return path.join(target, filename);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function manifest() {
  const [own, root] = await Promise.all([
    readJson(path.join(folder, 'package.json')),
    readJson(path.join(top, 'package.json')),
  ]);
  return {
    name: own.name,
    version: own.version,
    description: 'TeamTalk client for bots, tools and web pages',
    license: root.license,
    type: 'module',
    engines: root.engines,
    sideEffects: false,
    exports: {
      '.': {
        browser: { types: './types/client/index.browser.d.ts', default: './dist/browser.js' },
        types: './types/client/index.d.ts',
        default: './dist/index.js',
      },
    },
  };
}

/** A page without the links to files that are not in the package. */
async function pageOf(file) {
  const text = await readFile(file, 'utf8');
  return text
    .replaceAll('(../../docs/reference/sdk.md)', '(REFERENCE.md)')
    .replaceAll(/\[([^\]]*)\]\((?!https?:|REFERENCE\.md)[^)\s]*\.md(?:#[^)]*)?\)/g, '$1');
}

process.stdout.write(`${await pack(path.resolve(process.argv[2] ?? '.'))}\n`);
