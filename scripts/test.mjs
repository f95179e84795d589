// `npm test`: sets this machine up and checks everything; exit status 1 when anything is wrong. Arguments
// go to vitest: `npm test -- libs/protocol`.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build, prepare } from './lib/bootstrap.mjs';
import { checkImports } from './lib/import-rules.mjs';
import { checkLinks } from './lib/links.mjs';
import { ensureMoto } from './lib/moto.mjs';
import { ensureNats } from './lib/nats.mjs';
import { run, StepError, step, tool, top } from './lib/steps.mjs';
import {
  ensureChromium,
  ensureCompose,
  ensureKustomize,
  ensurePostgresTools,
  ensurePrometheus,
} from './lib/tools.mjs';
import { runVitest, writeSummary } from './lib/vitest.mjs';

/** Every check besides the tests, in order. A later one is made even when an earlier one failed. */
const checks = [
  { title: 'lint and format', check: () => run(tool('biome'), ['check', '--colors=off', '.']) },
  { title: 'types', check: build },
  { title: 'import rules', check: importRules },
  { title: 'links', check: links },
  { title: 'unused code', check: () => run(tool('knip'), ['--no-progress']) },
  { title: 'generated docs', check: generatedDocs },
];

async function importRules() {
  const problems = await checkImports(top);
  if (problems.length > 0)
    throw new StepError(`${problems.length} imports break the rules`, problems.join('\n'));
}

async function links() {
  const problems = await checkLinks(top);
  if (problems.length > 0) throw new StepError(`${problems.length} links lead nowhere`, problems.join('\n'));
}

/** docs/reference/, the dashboards and the settings in k8s/ are what the services and proto/client say. */
async function generatedDocs() {
  const generator = path.join(top, 'tests/generate/dist/main.js');
  if (!existsSync(generator)) throw new StepError('the generator of the pages is not built');
  await ensureKustomize();
  await run(process.execPath, [generator, '--check']);
}

/** @returns whether it succeeded; the failure has been shown */
async function attempt(title, work) {
  try {
    await step(title, work);
    return true;
  } catch {
    return false;
  }
}

async function main(vitestArguments) {
  const start = performance.now();
  const failed = [];
  const ready = await prepare().then(
    () => true,
    (error) => {
      if (error instanceof StepError) process.stdout.write(`${error.message}\n`);
      return false;
    },
  );
  if (!ready) {
    return writeSummary({ failedSteps: ['set-up'], tests: undefined, start });
  }
  for (const { title, check } of checks) {
    if (!(await attempt(title, async () => void (await check())))) failed.push(title);
  }
  // DATABASE_URL needs no program; the embedded PostgreSQL came with the packages.
  if (!(await attempt('nats-server', () => ensureNats()))) failed.push('nats-server');
  if (!(await attempt('Chromium', () => ensureChromium()))) failed.push('Chromium');
  if (!(await attempt('Docker Compose', () => ensureCompose()))) failed.push('Docker Compose');
  if (!(await attempt('Prometheus', () => ensurePrometheus()))) failed.push('Prometheus');
  if (!(await attempt('PostgreSQL’s tools', () => ensurePostgresTools()))) failed.push('PostgreSQL’s tools');
  if (!(await attempt('moto_server', () => ensureMoto()))) failed.push('moto_server');
  const tests = await runVitest(vitestArguments);
  return writeSummary({ failedSteps: failed, tests, start });
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
