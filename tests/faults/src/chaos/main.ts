import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkOut } from '@teamtalk/cluster';
import { aside, faults } from './all-faults.js';
import type { Fault } from './faults/fault.js';
import { patroniFaults } from './faults/patroni.js';
import { OverlapRun } from './overlap.js';
import { runFault } from './run.js';
import type { Schedule } from './schedules/schedule.js';
import { isClean, type Row, tableOf } from './table.js';
import { TestChaosCluster } from './testbed/test-chaos-cluster.js';

const usage = `npm run chaos -- [--only NAME,...] [--rounds N] [--users N] [--pace MS] [--rate N] [--json FILE] [--list]
npm run chaos -- --overlap [--seed N] [--minutes N] [--rate N] [--from N] [--schedules N] [--schedule FILE]
npm run chaos -- --patroni [--times N] [--rate N]

  --only       faults whose name contains one of these; all when left out
  --rounds     rounds of each fault, instead of its own number
  --users      users, half of them with the SDK, half as old clients are (20; with --overlap 8)
  --pace       pause between an ack and the next message, milliseconds (20; with --overlap 200)
  --rate       additional messages per second, from many light clients (100; with --overlap or --patroni 1000)
  --ha         a PostgreSQL primary with a synchronous standby and a NATS cluster of three, instead of single servers
  --patroni    as --ha, with Patroni and etcd, and kills the leader and the standby
               (Debian packages: patroni, python3-etcd, etcd-server, postgresql)
  --times      rounds of each fault of --patroni (30)
  --checkout   a commit whose services are run instead of this checkout's, on this one's schema
  --table      file to which the table is written after each round (.data/chaos.md)
  --json       also writes the rows to a file
  --list       prints the faults and exits

  --overlap    runs schedules of overlapping faults, drawn from a seed, one after the other
  --seed       of the schedules (1)
  --minutes    no schedule begins after this time (10)
  --from       number of the first schedule (0)
  --schedules  how many schedules at most
  --schedule   repeats the schedule in this file instead
  --shrink     runs spent on finding the smallest failing part of a schedule (24); 0: none
  --failures   ends after so many failing schedules (3)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    users: { type: 'string' },
    pace: { type: 'string' },
    rate: { type: 'string' },
    table: { type: 'string', default: '.data/chaos.md' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    ha: { type: 'boolean', default: false },
    patroni: { type: 'boolean', default: false },
    times: { type: 'string' },
    checkout: { type: 'string' },
    overlap: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    from: { type: 'string', default: '0' },
    schedules: { type: 'string', default: '1000000' },
    schedule: { type: 'string' },
    shrink: { type: 'string', default: '24' },
    failures: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<boolean> {
  if (values.help) return say(usage);
  const words = values.only?.split(',');
  const known = values.patroni ? patroniFaults : faults;
  const rounds = values.times ?? values.rounds;
  const chosen = known.filter(({ name }) => !words || words.some((word) => name.includes(word)));
  if (values.list)
    return say(`${chosen.map(({ name, title }) => `${name.padEnd(24)}${title}`).join('\n')}\n`);
  if (chosen.length === 0) throw new Error(`no fault's name contains ${values.only}; see --list`);
  const begun = performance.now();
  const report = (text: string) => {
    process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)}  ${text}\n`);
  };
  const rows = new Map<string, Row>();
  const failed: string[] = [];
  const write = async () => {
    const all = [...rows.values()];
    await mkdir(path.dirname(values.table), { recursive: true });
    await writeFile(values.table, `${tableOf(all)}\n`);
    if (values.json) await writeFile(values.json, `${JSON.stringify(all, null, 2)}\n`);
  };
  const start = ({ smallDisk = false, standby = false }: Partial<Fault>) =>
    TestChaosCluster.start({
      users: Math.ceil(Number(values.users ?? (values.overlap ? 8 : 20)) / 2),
      paceMs: Number(values.pace ?? (values.overlap ? 200 : 20)),
      rate: Number(values.rate ?? (values.overlap || values.patroni ? 1_000 : 100)),
      others: values.overlap ? [] : aside,
      smallDisk,
      ha: values.ha || standby,
      patroni: values.patroni,
      checkout: values.checkout && checkOut(values.checkout),
      report,
    });
  let testbed: TestChaosCluster | undefined;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      void testbed?.stop().catch(() => {});
    });
  }
  if (values.overlap) {
    return new OverlapRun({
      seed: Number(values.seed),
      from: Number(values.from),
      minutes: Number(values.minutes),
      schedules: Number(values.schedules),
      schedule: values.schedule
        ? (JSON.parse(await readFile(values.schedule, 'utf8')) as Schedule)
        : undefined,
      shrinkRuns: Number(values.shrink),
      maxFailures: Number(values.failures),
      folder: path.dirname(values.table),
      report,
      start: () => start({}),
      async onRow(row) {
        rows.set(row.name, row);
        await write();
      },
      stopped: () => stopped,
    }).run();
  }
  // Faults that need special servers come last: each kind takes another testbed.
  const ordered = [...chosen].sort((a, b) => kindOf(a) - kindOf(b));
  let kind: number | undefined;
  for (const fault of ordered) {
    if (stopped) break;
    try {
      if (testbed && kindOf(fault) !== kind) testbed = void (await testbed.stop());
      kind = kindOf(fault);
      testbed ??= await start(fault);
      await runFault(testbed, fault, Number(rounds ?? fault.rounds), async (row) => {
        rows.set(row.name, row);
        await write();
      });
    } catch (error) {
      // The next fault gets a new testbed.
      failed.push(fault.name);
      report(`${fault.name} was not completed: ${error instanceof Error ? error.stack : error}`);
      await testbed?.stop().catch((failure: unknown) => report(`the testbed did not stop: ${failure}`));
      testbed = undefined;
    }
  }
  await testbed?.stop();
  if (rows.size > 0) say(`${tableOf([...rows.values()])}\n`);
  for (const name of failed) say(`\nnot completed: ${name}\n`);
  report(`the table is in ${values.table}`);
  return !stopped && failed.length === 0 && [...rows.values()].every(isClean);
}

/** Faults of one kind share a testbed. */
function kindOf({ smallDisk = false, standby = false }: Fault): number {
  return Number(standby) + 2 * Number(smallDisk);
}

function say(text: string): true {
  process.stdout.write(text);
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
