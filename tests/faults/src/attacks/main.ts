import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkOut, TestCluster } from '@teamtalk/cluster';
import { type Attack, apiKey, type Figures, witnessName } from './attack.js';
import { attacks } from './attacks.js';
import { floods } from './floods.js';

const usage = `npm run attacks -- [--full] [--only NAME,…] [--from REF] [--json FILE]

Attacks an installation of its own on loopback, and reports what it costs and what others notice.

  --full  the numbers of connections of the audit, in place of a tenth
  --only  some of: ${attacks.map(({ name }) => name).join(', ')};
          floods: those that cost memory before anybody is known
  --from  a commit, which is checked out and built and attacked before this one
  --json  also writes the report to a file
`;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    from: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const floodNames = floods.map(({ name }) => name);

const withKeys = { HTTP_AUTH: 'keys', APP_KEYS: apiKey };

interface Outcome {
  attack: string;
  count: number;
  /** undefined: --from was not given */
  before: Figures | undefined;
  after: Figures;
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const names = values.only?.split(',').flatMap((name) => (name === 'floods' ? floodNames : name));
  const unknown = names?.find((name) => !attacks.some((attack) => attack.name === name));
  if (unknown !== undefined) throw new Error(`there is no attack ${unknown}\n\n${usage}`);
  const checkout = values.from && checkOut(values.from);
  const outcomes: Outcome[] = [];
  for (const attack of attacks) {
    if (names && !names.includes(attack.name)) continue;
    const count = values.full ? attack.full : attack.small;
    process.stdout.write(`${attack.name}: ${count} x ${attack.what}\n`);
    const before = checkout ? await runOn(attack, count, checkout) : undefined;
    if (before) process.stdout.write(`  before  ${describe(before)}\n`);
    const after = await runOn(attack, count, undefined);
    process.stdout.write(`  ${before ? 'after ' : 'now   '}  ${describe(after)}\n`);
    outcomes.push({ attack: attack.name, count, before, after });
  }
  const flooded = outcomes.filter(({ attack }) => floodNames.includes(attack));
  if (flooded.length > 0) process.stdout.write(`\n${tableOf(flooded)}\n`);
  const exceeded = flooded.some(({ after }) => after['within limits'] !== 'yes');
  if (exceeded || outcomes.some(({ after }) => 'failed' in after)) process.exitCode = 1;
  if (values.json) await writeFile(values.json, `${JSON.stringify(outcomes, undefined, 2)}\n`);
}

/** A new installation for each attack, so that none suffers from the one before. A failure is among the figures. */
async function runOn(attack: Attack, count: number, checkout: string | undefined): Promise<Figures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-attack-'));
  let cluster: TestCluster | undefined;
  try {
    cluster = await startCluster(attack, count, folder, checkout);
    await cluster.addUsers([witnessName]);
    return await attack.run(cluster, count, () => contentOf(folder));
  } catch (error) {
    return { failed: (error as Error).message.trim() };
  } finally {
    await cluster?.stop();
    await rm(folder, { recursive: true });
  }
}

function startCluster(
  attack: Attack,
  count: number,
  logFolder: string,
  checkout: string | undefined,
): Promise<TestCluster> {
  return TestCluster.start({
    mode: 'processes',
    http_msg_server: 1,
    file_server: 1,
    msfs: 1,
    login_server: 1,
    ...attack.services,
    env: { ADDRESS_LIMIT_EXEMPT: 'none' },
    envOf: {
      ...attack.envOf(count),
      http_msg_server: { ...withKeys, ...attack.envOf(count).http_msg_server },
    },
    logFolder,
    ...(checkout && { checkout }),
  });
}

async function contentOf(folder: string): Promise<string> {
  const files = (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8'));
  return (await Promise.all(files)).join('');
}

/** What floods cost, a row for each and for each commit. */
function tableOf(outcomes: readonly Outcome[]): string {
  const columns = Object.keys(outcomes[0]!.after);
  const row = (cells: readonly (number | string | undefined)[]) => `| ${cells.join(' | ')} |`;
  const figures = outcomes.flatMap(({ attack, count, before, after }) => [
    ...(before ? [row([attack, count, 'before', ...columns.map((name) => before[name])])] : []),
    row([attack, count, before ? 'after' : 'now', ...columns.map((name) => after[name])]),
  ]);
  const head = ['attack', 'connections', '', ...columns];
  return [row(head), row(head.map(() => '---')), ...figures].join('\n');
}

function describe(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}: ${value}`)
    .join(' · ');
}

await main();
