// Chromium, for the test of the example web page: from PATH, else from Debian's package, else a sentence on
// how to get it.
import { findProgram, installDebianPackage } from './programs.mjs';
import { StepError } from './steps.mjs';

const usualFolders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
/** The variable by which the test learns where it is. */
const variable = 'CHROMIUM';

/** Makes sure there is a Chromium, unless CHROMIUM names one, and puts its path into that variable. */
export async function ensureChromium(env = process.env, folders = usualFolders) {
  if (env[variable]) return `CHROMIUM is used: ${env[variable]}`;
  const found = findProgram('chromium', env, folders);
  if (found) {
    env[variable] = found;
    return found;
  }
  let installed = false;
  try {
    installed = await installDebianPackage('chromium', env, folders);
  } catch (error) {
    throw new StepError(howToGetIt, error.output ?? String(error));
  }
  const program = installed && findProgram('chromium', env, folders);
  if (!program) throw new StepError(howToGetIt);
  env[variable] = program;
  return `${program} (installed)`;
}

const howToGetIt =
  'There is no Chromium on this machine. Install it (Debian: `sudo apt-get install chromium`) so that ' +
  '`chromium` is on the PATH, or set CHROMIUM to the path of a Chromium or Chrome.';
