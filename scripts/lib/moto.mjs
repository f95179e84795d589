// moto_server, the S3-compatible store the tests use: from PATH, else from Debian's packages, else a sentence
// on how to get it.
import { findProgram, installDebianPackages } from './programs.mjs';
import { StepError } from './steps.mjs';

const usualFolders = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
/** Debian's moto only recommends what its server needs. */
const packages = ['python3-moto', 'python3-flask', 'python3-flask-cors'];

/** Makes sure there is a moto_server. */
export async function ensureMoto(env = process.env, folders = usualFolders) {
  const found = findProgram('moto_server', env, folders);
  if (found) return found;
  let installed = false;
  try {
    installed = await installDebianPackages(packages, env, folders);
  } catch (error) {
    throw new StepError(howToGetIt, error.output ?? String(error));
  }
  const program = installed && findProgram('moto_server', env, folders);
  if (!program) throw new StepError(howToGetIt);
  return `${program} (installed)`;
}

const howToGetIt =
  'There is no moto_server on this machine, the S3-compatible store of the tests. Install it (Debian: ' +
  `\`sudo apt-get install ${packages.join(' ')}\`; others: \`pip install 'moto[server]'\`) so that it is on the PATH.`;
