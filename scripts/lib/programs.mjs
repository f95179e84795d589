// Programs that npm packages do not bring: where they are, and Debian's packages of them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { run } from './steps.mjs';

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
