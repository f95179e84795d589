// `npm start`: sets this machine up, then becomes `teamtalk dev` with the given arguments.
import { build, prepare } from './lib/bootstrap.mjs';
import { ensureNats } from './lib/nats.mjs';
import { StepError, step } from './lib/steps.mjs';

// npm passes SIGTERM and SIGINT on (package.json has `exec`: a shell between would keep them to itself), but
// when npm is killed nobody tells us.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 1_000).unref();
}

try {
  await prepare();
  await step('build', build);
  await step('nats-server', () => ensureNats());
  const { runCli } = await import('../services/cli/dist/cli.js');
  process.exitCode = await runCli(['dev', ...process.argv.slice(2)]);
} catch (error) {
  // What a step had to say it has said.
  if (!(error instanceof StepError)) process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
}
