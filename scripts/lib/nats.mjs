// nats-server: from PATH, else from Debian's package, else a sentence on how to get it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { run, StepError } from './steps.mjs';

/** Debian puts it where not everybody's PATH leads. */
const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Makes sure there is a nats-server, unless NATS_URL names one that runs elsewhere. */
export async function ensureNats(env = process.env, folders = usualFolders) {
  if (env.NATS_URL) return 'NATS_URL is used';
  const found = findProgram('nats-server', env, folders);
  if (found) return found;
  const administrator = await administratorPrefix(env, folders);
  if (!administrator) throw new StepError(howToGetIt);
  try {
    const debian = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
    const [program, ...words] = [...administrator, 'apt-get'];
    await run(program, [...words, 'update'], debian);
    await run(program, [...words, 'install', '-y', '--no-install-recommends', 'nats-server'], debian);
  } catch (error) {
    throw new StepError(howToGetIt, error.output ?? String(error));
  }
  const installed = findProgram('nats-server', env, folders);
  if (!installed) throw new StepError(howToGetIt);
  return `${installed} (installed)`;
}

const howToGetIt =
  'There is no nats-server on this machine. Install it (Debian, Ubuntu: `sudo apt-get install nats-server`; ' +
  'macOS: `brew install nats-server`; others: https://docs.nats.io/running-a-nats-service/introduction/installation) ' +
  'so that it is on the PATH, or set NATS_URL to a server that runs.';

/** The full path of a program, from PATH or the given folders; undefined when there is none. */
function findProgram(name, env, folders) {
  const all = [...(env.PATH ?? '').split(path.delimiter).filter(Boolean), ...folders];
  return all.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
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
