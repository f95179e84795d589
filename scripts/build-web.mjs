// Builds the services' pages from services/*/web/ to services/*/dist/page/, after tsc: with a compressed copy of each file and the
// licences of the bundled packages. Does nothing when no input has changed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { licencesOf, packagesOf } from '../libs/client/pack/licences.mjs';
import { licenceProblems } from './lib/licences.mjs';
import { StepError, top } from './lib/steps.mjs';

/** Smallest file that is worth compressing, bytes. */
const smallest = 256;
const compressible = /\.(?:html|js|css|svg|json|webmanifest|txt)$/;

for (const name of (await readdir(path.join(top, 'services'))).sort()) {
  const service = path.join(top, 'services', name);
  if (existsSync(path.join(service, 'web', 'vite.config.ts'))) await build(service);
}

async function build(service) {
  const target = path.join(service, 'dist', 'page');
  const stampFile = path.join(service, 'dist', 'page.stamp');
  const stamp = await stampOf(await inputsOf(service));
  const builtOf = await readFile(stampFile, 'utf8').catch(() => '');
  if (existsSync(target) && builtOf === stamp) return;
  await rm(stampFile, { force: true });
  const packages = packagesOf(await bundle(service, target));
  await requireAllowed(packages);
  await writeFile(path.join(target, 'licences.txt'), await licencesOf(packages));
  await compress(target);
  await writeFile(stampFile, stamp);
}

/** The files that a page is built from. Schemas come from the service and from libs, bundled as source or as built by tsc. */
async function inputsOf(service) {
  const libs = (await readdir(path.join(top, 'libs'))).map((name) => path.join(top, 'libs', name, 'src'));
  const folders = [path.join(service, 'web'), path.join(service, 'src'), path.join(top, 'proto'), ...libs];
  const guides = path.join(top, 'docs', 'guides', 'alerts.md');
  const files = await Promise.all(folders.map((folder) => filesIn(folder)));
  return [
    import.meta.filename,
    guides,
    path.join(service, 'package.json'),
    path.join(top, 'pnpm-lock.yaml'),
  ].concat(files.flat());
}

async function filesIn(folder, wanted = /./) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

async function stampOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${path.relative(top, file)}\n`).update(await readFile(file));
  return hash.digest('hex');
}

/** @returns the modules in the bundle */
async function bundle(service, outDir) {
  const vite = createRequire(path.join(service, 'package.json')).resolve('vite');
  const { build: viteBuild } = await import(pathToFileURL(vite).href);
  const { output } = await viteBuild({
    configFile: path.join(service, 'web', 'vite.config.ts'),
    root: path.join(service, 'web'),
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The Content-Security-Policy allows neither.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  return output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
}

/** Checks the licences of everything bundled, since that is shipped whatever kind of dependency it is. */
async function requireAllowed(packages) {
  const licences = {};
  for (const folder of packages) {
    const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    licences[license] ??= [];
    licences[license].push({ name, versions: [version] });
  }
  const problems = licenceProblems(licences);
  if (problems.length > 0) throw new StepError(`licences not allowed in a page: ${problems.join('; ')}`);
}

async function compress(folder) {
  for (const file of await filesIn(folder, compressible)) {
    const bytes = await readFile(file);
    if (bytes.length < smallest) continue;
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, { params }));
    await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}
