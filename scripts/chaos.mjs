// `npm run chaos`: sets this machine up, then lets faults loose on a cluster; arguments go to the runner.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build, prepare } from './lib/bootstrap.mjs';
import { checkOut } from './lib/checkout.mjs';
import { ensureNats } from './lib/nats.mjs';
import { StepError, step, top } from './lib/steps.mjs';

try {
  const words = process.argv.slice(2);
  await prepare();
  await step('build', build);
  await step('nats-server', () => ensureNats());
  const old = words.indexOf('--checkout');
  if (old >= 0) words[old + 1] = await checkOut(words[old + 1] ?? '');
  const runner = path.join(top, 'libs/testkit/dist/chaos/main.js');
  const child = spawn(process.execPath, [runner, ...words], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('exit', (status) => {
    process.exitCode = status ?? 1;
  });
} catch (error) {
  // What a step had to say it has said.
  if (!(error instanceof StepError)) process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
}
