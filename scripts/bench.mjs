// `npm run bench`: sets this machine up, then measures; arguments go to `teamtalk bench suite`.
import { build, prepare } from './lib/bootstrap.mjs';
import { ensureNats } from './lib/nats.mjs';
import { StepError, step } from './lib/steps.mjs';

try {
  await prepare();
  await step('build', build);
  await step('nats-server', () => ensureNats());
  const { runCli } = await import('../services/cli/dist/cli.js');
  process.exitCode = await runCli(['bench', 'suite', ...process.argv.slice(2)]);
} catch (error) {
  // What a step had to say it has said.
  if (!(error instanceof StepError)) process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
}
