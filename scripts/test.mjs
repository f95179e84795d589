// Sets this machine up and tests; exit status 1 when anything is wrong. Other arguments go to vitest:
// `npm test -- libs/protocol`.
//
// | `npm test`           |          | every check, and the tests not named `*.full.test.ts`          |
// | `npm run test:full`  | `--full` | every check, and every test                                    |
// | `npm run test:rest`  | `--rest` | the tests named `*.full.test.ts`: what `npm test` leaves out   |
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build, prepare } from './lib/bootstrap.mjs';
import { checkImports } from './lib/import-rules.mjs';
import { licenceProblems, productionLicences } from './lib/licences.mjs';
import { checkLinks } from './lib/links.mjs';
import { ensureMoto } from './lib/moto.mjs';
import { ensureNats } from './lib/nats.mjs';
import { run, StepError, step, tool, top } from './lib/steps.mjs';
import {
  ensureChromium,
  ensureCompose,
  ensureGo,
  ensureKustomize,
  ensureLegacyServers,
  ensurePgbouncer,
  ensurePostgresTools,
  ensurePrometheus,
} from './lib/tools.mjs';
import { runVitest, writeSummary } from './lib/vitest.mjs';

/** Says nothing when it succeeds. */
const quietly = (work) => async () => void (await work());
const types = { title: 'types', check: quietly(build) };
/** Every check besides the tests, in order. A later one is made even when an earlier one failed. */
const checks = [
  { title: 'lint and format', check: quietly(() => run(tool('biome'), ['check', '--colors=off', '.'])) },
  types,
  { title: 'import rules', check: importRules },
  { title: 'links', check: links },
  { title: 'licences', check: licences },
  { title: 'unused code', check: quietly(() => run(tool('knip'), ['--no-progress'])) },
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

async function licences() {
  const problems = licenceProblems(await productionLicences());
  if (problems.length > 0)
    throw new StepError(`${problems.length} packages have no licence that is allowed`, problems.join('\n'));
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

/** The programs the tests start. DATABASE_URL needs none; the embedded PostgreSQL came with the packages. */
const programs = [{ title: 'nats-server', check: () => ensureNats() }];
/** Those that only tests named `*.full.test.ts` start. */
const programsOfFull = [
  { title: 'Chromium', check: () => ensureChromium() },
  { title: 'Docker Compose', check: () => ensureCompose() },
  { title: 'Go', check: () => ensureGo() },
  { title: 'Prometheus', check: () => ensurePrometheus() },
  { title: 'PostgreSQL’s tools', check: () => ensurePostgresTools() },
  { title: 'pgbouncer', check: () => ensurePgbouncer() },
  { title: 'moto_server', check: () => ensureMoto() },
  { title: 'MariaDB and Redis', check: () => ensureLegacyServers() },
];

/** What each tier does, and what it gives vitest. */
const tiers = {
  fast: { steps: [...checks, ...programs], words: ['--exclude=**/*.full.test.ts'] },
  full: { steps: [...checks, ...programs, ...programsOfFull], words: [] },
  rest: { steps: [types, ...programs, ...programsOfFull], words: ['.full.test.ts'] },
};

async function main(steps, words) {
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
  for (const { title, check } of steps) {
    if (!(await attempt(title, check))) failed.push(title);
  }
  return writeSummary({ failedSteps: failed, tests: await runVitest(words), start });
}

const words = process.argv.slice(2);
const tier = ['--full', '--rest'].includes(words[0]) ? words.shift().slice(2) : 'fast';
const { steps, words: selection } = tiers[tier];
process.exitCode = (await main(steps, [...selection, ...words])) ? 0 : 1;
