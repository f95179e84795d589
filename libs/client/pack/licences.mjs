// Collects the licences of the packages included in the bundles, as these require.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** @returns the folders of the packages that the modules of a bundle come from */
export function packagesOf(moduleIds) {
  const folders = moduleIds.flatMap(
    (module) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/** @param folders of the packages */
export async function licencesOf(folders) {
  const texts = await Promise.all(folders.map(licenceOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  return `${name} ${version} (${license})\n\n${await readFile(path.join(folder, file), 'utf8')}`;
}
