// Programs that npm packages do not bring: where they are, and Debian's packages of them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { run, StepError } from './steps.mjs';

/** The full path of a program, from PATH or the given folders; undefined when there is none. */
export function findProgram(name, env, folders) {
  const all = [...(env.PATH ?? '').split(path.delimiter).filter(Boolean), ...folders];
  return all.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/**
 * Installs a package of Debian's.
 * @returns false where there is no way to: no apt-get, or no right to use it
 * @throws StepError when it could not be installed
 */
export function installDebianPackage(name, env, folders) {
  return installDebianPackages([name], env, folders);
}

/** The same for several. */
export async function installDebianPackages(names, env, folders) {
  const administrator = await administratorPrefix(env, folders);
  if (!administrator) return false;
  const debian = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  const [program, ...words] = [...administrator, 'apt-get'];
  await run(program, [...words, 'update'], debian);
  await run(program, [...words, 'install', '-y', '--no-install-recommends', ...names], debian);
  return true;
}

/** What has to stand before apt-get: nothing for root, sudo where it asks for no password; undefined: no way. */
async function administratorPrefix(env, folders) {
  if (!findProgram('apt-get', env, folders)) return undefined;
  if (process.getuid?.() === 0) return [];
  try {
    await run('sudo', ['-n', 'true']);
    return ['sudo', '-n'];
  } catch {
    return undefined;
  }
}

/**
 * Makes sure there is a program: named by a variable, on the PATH, in one of the folders or from Debian's package
 * of the same name. Its path is put into the variable, by which commands and tests learn it.
 * @param program.hint how else to get it
 * @throws StepError that says so
 */
export async function ensureProgram({ name, variable, hint, packageName = name }, env, folders) {
  if (env[variable]) return `${variable} is used: ${env[variable]}`;
  const howToGetIt =
    `There is no ${name} on this machine. Install it (Debian: \`sudo apt-get install ${packageName}\`${hint}) so ` +
    `that it is on the PATH, or set ${variable} to its path.`;
  let found = findProgram(name, env, folders);
  let installed = false;
  if (!found) {
    try {
      installed = await installDebianPackage(packageName, env, folders);
    } catch (error) {
      throw new StepError(howToGetIt, error.output ?? String(error));
    }
    found = installed && findProgram(name, env, folders);
  }
  if (!found) throw new StepError(howToGetIt);
  env[variable] = found;
  return installed ? `${found} (installed)` : found;
}
