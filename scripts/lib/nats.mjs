// nats-server: from PATH, else from Debian's package, else a sentence on how to get it.
import { findProgram, installDebianPackage } from './programs.mjs';
import { StepError } from './steps.mjs';

/** Debian puts it where not everybody's PATH leads. */
const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Makes sure there is a nats-server, unless NATS_URL names one that runs elsewhere. */
export async function ensureNats(env = process.env, folders = usualFolders) {
  if (env.NATS_URL) return 'NATS_URL is used';
  const found = findProgram('nats-server', env, folders);
  if (found) return found;
  let installed = false;
  try {
    installed = await installDebianPackage('nats-server', env, folders);
  } catch (error) {
    throw new StepError(howToGetIt, error.output ?? String(error));
  }
  const program = installed && findProgram('nats-server', env, folders);
  if (!program) throw new StepError(howToGetIt);
  return `${program} (installed)`;
}

const howToGetIt =
  'There is no nats-server on this machine. Install it (Debian, Ubuntu: `sudo apt-get install nats-server`; ' +
  'macOS: `brew install nats-server`; others: https://docs.nats.io/running-a-nats-service/introduction/installation) ' +
  'so that it is on the PATH, or set NATS_URL to a server that runs.';
