import { readFileSync } from 'node:fs';

/**
 * The statements that create a version of an SQL function, or replace the version before: `sql/<name>.v<version>.sql`.
 * Together with it come the overloads through which programs of the version before call it.
 */
export function sqlFunction(name: string, version: number): string {
  // Beside `src` and `dist`, which differ only in their names.
  return readFileSync(new URL(`../../sql/${name}.v${version}.sql`, import.meta.url), 'utf8');
}
