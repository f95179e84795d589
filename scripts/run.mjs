// Sets this machine up, then runs a program of this repository with the given arguments: `npm run bench` and the like.
import { spawn } from 'node:child_process';
import { build, prepare } from './lib/bootstrap.mjs';
import { ensureNats } from './lib/nats.mjs';
import { StepError, step } from './lib/steps.mjs';

const [program, ...words] = process.argv.slice(2);

try {
  await prepare();
  await step('build', build);
  await step('nats-server', () => ensureNats());
  const child = spawn(process.execPath, [program, ...words], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('exit', (status) => {
    process.exitCode = status ?? 1;
  });
} catch (error) {
  // What a step had to say it has said.
  if (!(error instanceof StepError)) process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
}
