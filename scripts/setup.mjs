// `npm run setup`: what a fresh checkout needs before `npx teamtalk` runs: the packages, and everything built.
import { build, prepare } from './lib/bootstrap.mjs';
import { StepError, step } from './lib/steps.mjs';

try {
  await prepare();
  await step('build', build);
} catch (error) {
  // What a step had to say it has said.
  if (!(error instanceof StepError)) process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
}
