// Runs the steps of a set-up or a check, one quiet line each; what a step printed is shown when it fails.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A failure whose message is all that has to be said; `output` is what the failed command printed. */
export class StepError extends Error {
  constructor(message, output = '') {
    super(message);
    this.name = 'StepError';
    this.output = output;
  }
}

/**
 * Runs a command, at the top of the repository unless told otherwise.
 * @returns what it printed
 * @throws StepError with what it printed when it fails
 */
export function run(program, words, { env = {}, cwd = top } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => reject(new StepError(`${program} could not be run: ${error.message}`)));
    child.once('close', (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new StepError(`${program} ended with ${signal ?? `exit status ${status}`}`, output));
    });
  });
}

/** The same for a program that npm packages brought: the path of a file in node_modules/.bin. */
export function tool(name) {
  return path.join(top, 'node_modules', '.bin', name);
}

/**
 * Does `work` and prints one line: the title, what `work` returned if it is a text, and the seconds.
 * @throws what `work` throws, after the failure was shown
 */
export async function step(title, work) {
  const start = performance.now();
  const line = (outcome) =>
    `  ${title.padEnd(20)} ${seconds(start).padStart(7)}  ${outcome}`.trimEnd().concat('\n');
  try {
    const outcome = await work();
    process.stdout.write(line(typeof outcome === 'string' ? outcome : ''));
  } catch (error) {
    process.stdout.write(line('FAILED'));
    const text = error instanceof StepError ? [error.message, error.output].join('\n') : error.stack;
    process.stdout.write(`${text.trim().replaceAll(/^/gm, '    ')}\n`);
    throw error;
  }
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
