import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AssumptionName, assumptionNames, assumptions, withPresets } from '@teamtalk/cli/plan';
import { alignColumns } from '../text-table.js';
import { beyondLimit, compareWithRuns, errorLimit, largestErrors, type MeasuredReport } from './beside.js';
import { installation, repeat } from './scenarios.js';
import { recorded } from './service-times.js';

const usage = `npm run simulate -- [--users N,…] [--databases N,…] [--every-database] [--postgresql-cores N]
                    [--seconds N] [--seed N] [--assume NAME=VALUE,…]
npm run simulate -- --recorded
npm run simulate -- --beside bench-results/results.json

  --users             number of accounts of each installation (1000000,5000000,20000000)
  --databases         number of PostgreSQL servers that share the messages (1,4,16)
  --every-database    every db_proxy_server writes to every database instead of only to its own
  --postgresql-cores  cores of each PostgreSQL server (8)
  --seconds           simulated seconds (1)
  --seed              the same seed repeats the same run (1)
  --assume            assumptions of teamtalk plan: ${assumptionNames.slice(0, 3).join(', ')}, …
  --recorded          compares recorded runs with their simulation
  --beside            compares measured runs with several replicas to what teamtalk plan says with this machine's --core-speed
                      ("plan"), and to what its formulas ("growth") and the simulator predict from the runs with one of each;
                      fails if an error is above ${errorLimit * 100} %, except in what the simulator does not cover.
                      Takes the results of npm run bench -- p2p-5k p2p-20k grow-msg-servers grow-db-proxies
`;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000,5000000,20000000' },
    databases: { type: 'string', default: '1,4,16' },
    'every-database': { type: 'boolean', default: false },
    'postgresql-cores': { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    assume: { type: 'string', default: '' },
    recorded: { type: 'boolean', default: false },
    beside: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) print(usage);
  else if (values.beside !== undefined) await showBeside(values.beside);
  else if (values.recorded) showRecorded();
  else showInstallations();
}

function showRecorded(): void {
  const rows = recorded.flatMap((machine) =>
    machine.runs.map((run) => {
      const { ack, utilisation, achieved } = repeat(machine, run);
      return [
        `${run.name}, ${machine.name}`,
        percent(run.busy),
        percent(utilisation['the machine']!),
        Math.round(achieved).toLocaleString('en'),
        ms(run.p50),
        ms(ack.p50),
        error(ack.p50, run.p50),
        ms(run.p99),
        ms(ack.p99),
        error(ack.p99, run.p99),
      ];
    }),
  );
  table([
    ['run', 'busy', 'simulated', 'acked/s', 'p50 ms', 'simulated', 'error', 'p99 ms', 'simulated', 'error'],
    ...rows,
  ]);
}

async function showBeside(file: string): Promise<void> {
  const comparisons = compareWithRuns(JSON.parse(await readFile(file, 'utf8')) as MeasuredReport);
  table([
    ['run', 'measured', 'predicted', 'error'],
    ...comparisons.map(({ run, by, figure, measured, predicted, isCovered }) => [
      `${run}  ${by}, ${figure}${isCovered ? '' : ' (not covered)'}`,
      measured.toPrecision(3),
      predicted.toPrecision(3),
      error(predicted, measured),
    ]),
  ]);
  print('\nThe largest errors:\n');
  table(largestErrors(comparisons).map(([what, off]) => [`  ${what}`, error(1 + off, 1)]));
  const beyond = beyondLimit(comparisons);
  if (beyond.length === 0) return;
  print(`\nErrors above ${percent(errorLimit)}:\n`);
  table(beyond.map(({ run, by, figure, error: off }) => [`  ${run}  ${by}, ${figure}`, error(1 + off, 1)]));
  process.exitCode = 1;
}

function showInstallations(): void {
  const given = withPresets(assumed());
  const shared = {
    everyDatabase: values['every-database'],
    postgresqlCores: number('--postgresql-cores', values['postgresql-cores'], 1, 256),
    seconds: number('--seconds', values.seconds, 0.1, 600),
    seed: number('--seed', values.seed, 0, 4_294_967_295),
  };
  const list = (name: string, text: string, max: number) =>
    text.split(',').map((each) => number(name, each, 1, max));
  const databases = list('--databases', values.databases, 64);
  const rows = list('--users', values.users, 1_000_000_000).flatMap((users) =>
    databases.map((count) => {
      const outcome = installation({ users, databases: count, ...shared }, given);
      const { utilisation, busiest, ack, delivery } = outcome;
      return [
        users.toLocaleString('en'),
        String(count),
        Math.round(outcome.perSecond).toLocaleString('en'),
        String(outcome.msgServers),
        String(outcome.dbProxies),
        outcome.batch.toFixed(1),
        ...['msg_server', 'db_proxy_server', 'PostgreSQL', 'disk'].map((name) => percent(utilisation[name]!)),
        ...[ack.p50, ack.p99, delivery.p50, delivery.p99].map(ms),
        busiest,
      ];
    }),
  );
  table([
    [
      'users',
      'databases',
      'messages/s',
      'msg_servers',
      'db_proxies',
      'batch',
      'msg_server',
      'db_proxy',
      'PostgreSQL',
      'disk',
      'ack p50',
      'p99 ms',
      'dlv p50',
      'p99 ms',
      'busiest',
    ],
    ...rows,
  ]);
}

function assumed(): Partial<Record<AssumptionName, number>> {
  const pairs = values.assume.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name, text = ''] = pair.split('=');
      const known = assumptionNames.find((each) => each === name);
      if (!known) throw new Error(`--assume: ${name} is not one of ${assumptionNames.join(', ')}`);
      return [known, number(`--assume ${known}`, text, assumptions[known].min, assumptions[known].max)];
    }),
  );
}

function number(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new Error(`${name} must be a number from ${min} to ${max}, not ${text}`);
}

function table(rows: readonly (readonly string[])[]): void {
  print(`${alignColumns(rows).join('\n')}\n`);
}

const ms = (value: number) => value.toFixed(1);
const percent = (value: number) => `${Math.round(value * 100)}%`;
const error = (simulated: number, measured: number) => {
  const off = Math.round((simulated / measured - 1) * 100);
  return `${off > 0 ? '+' : ''}${off}%`;
};

function print(text: string): void {
  process.stdout.write(text);
}

await main();
