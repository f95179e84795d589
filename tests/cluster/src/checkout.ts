import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../scripts/checkout.mjs', import.meta.url));

/**
 * The folder of another commit of this repository, installed and built.
 * @param ref a commit, or `migration`: the one before the newest migration
 * @throws Error when there is no such commit or it does not build; the reason has been printed
 */
export function checkOut(ref: string): string {
  const printed = execFileSync(process.execPath, [program, ref], { stdio: ['ignore', 'pipe', 'inherit'] });
  return printed.toString().trimEnd().split('\n').at(-1)!;
}
