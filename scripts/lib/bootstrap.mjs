// Brings what `npm start` and `npm test` need to a machine that has only Node and npm. Plain JavaScript
// without dependencies: it runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, StepError, step, tool, top } from './steps.mjs';

/** `pnpm@` and its version, as package.json pins it. */
const { packageManager } = JSON.parse(await readFile(path.join(top, 'package.json'), 'utf8'));
const leastNode = [20, 19];

/** node_modules as the lock file says, and the generated protobuf modules. */
export async function prepare() {
  checkNode(process.versions.node);
  await step('packages', installPackages);
  await step('protobuf modules', () => run(process.execPath, ['scripts/generate-proto.mjs']).then(() => ''));
}

/** Compiles every package, then builds the services' pages; neither repeats unchanged work. */
export async function build() {
  await run(tool('tsc'), ['-b']);
  await run(process.execPath, ['scripts/build-web.mjs']);
}

/** @throws StepError when this Node is too old */
function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return;
  throw new StepError(`Node ${leastNode.join('.')} or newer is needed; this is ${version}.`);
}

async function installPackages() {
  const stampFile = path.join(top, 'node_modules', '.teamtalk-installed');
  const stamp = await packagesStamp();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return 'up to date';
  const pnpm = await pnpmProgram();
  // CI: pnpm then never asks whether it may replace a node_modules it does not know.
  await run(pnpm, ['install', '--frozen-lockfile'], { env: { CI: 'true' } });
  await writeFile(stampFile, stamp);
  return 'installed';
}

/** Changes whenever an install could give another result. */
async function packagesStamp() {
  const hash = createHash('sha256').update(`${packageManager} ${process.platform} ${process.arch}\n`);
  const manifests = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml'];
  for (const folder of ['libs', 'services', 'tests']) {
    for (const name of (await readdir(path.join(top, folder))).sort()) {
      manifests.push(path.join(folder, name, 'package.json'));
    }
  }
  for (const manifest of manifests) {
    const text = await readFile(path.join(top, manifest)).catch(() => '');
    hash.update(`${manifest}\n`).update(text);
  }
  return hash.digest('hex');
}

/** The pinned pnpm, brought by npm to .data/tools when it is not there. */
export async function pnpmProgram() {
  const folder = path.join(top, '.data', 'tools', packageManager.replace('@', '-'));
  const program = path.join(folder, 'node_modules', '.bin', 'pnpm');
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    const words = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
    ];
    await run('npm', [...words, packageManager]);
  }
  return program;
}
