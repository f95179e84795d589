// The licences of what the libraries and services are shipped with: each has to be one that lets Apache-2.0 code use it.
import { pnpmProgram } from './bootstrap.mjs';
import { run } from './steps.mjs';

const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Packages with another one, by the beginning of their name, and why they may be used. */
const exceptions = [
  // libvips is a shared library of its own, which sharp loads unchanged and anyone may replace.
  { name: '@img/sharp-libvips-', licence: 'LGPL-3.0-or-later' },
];

/** @returns what `pnpm licenses` says of the installed packages; it asks no server */
export async function productionLicences() {
  const filters = ['libs', 'services'].flatMap((folder) => ['--filter', `./${folder}/*`]);
  return JSON.parse(await run(await pnpmProgram(), ['licenses', 'list', '--prod', '--json', ...filters]));
}

/**
 * @param licences packages by licence: `{ MIT: [{ name, versions }] }`
 * @returns the packages whose licence is not allowed, as `name version: licence`
 */
export function licenceProblems(licences) {
  return Object.entries(licences)
    .filter(([licence]) => !isAllowed(licence))
    .flatMap(([licence, packages]) =>
      packages
        .filter(
          ({ name }) => !exceptions.some((each) => each.licence === licence && name.startsWith(each.name)),
        )
        .map(({ name, versions }) => `${name} ${versions.join(', ')}: ${licence}`),
    );
}

/** One allowed alternative suffices, for example in `(MIT OR Apache-2.0)`. */
function isAllowed(licence) {
  if (/ AND | WITH /.test(licence)) return false;
  return licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((each) => allowed.has(each));
}
