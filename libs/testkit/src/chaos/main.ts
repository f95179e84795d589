import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ChaosStand } from './chaos-stand.js';
import type { Fault } from './faults/fault.js';
import { aside, faults } from './faults/index.js';
import { runFault } from './run.js';
import { isClean, type Row, tableOf } from './table.js';

const usage = `npm run chaos -- [--only NAME,...] [--rounds N] [--users N] [--pace MS] [--json FILE] [--list]

  --only    faults whose name has one of these in it; all when left out
  --rounds  rounds of each fault, instead of its own number
  --users   users, half of them with the SDK, half as old clients are (20)
  --pace    pause after each ack, milliseconds (20)
  --table   file that has the table of what is done so far, after each round (.data/chaos.md)
  --json    writes the rows to a file too
  --list    names the faults and ends
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    users: { type: 'string', default: '20' },
    pace: { type: 'string', default: '20' },
    table: { type: 'string', default: '.data/chaos.md' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<boolean> {
  if (values.help) return say(usage);
  const words = values.only?.split(',');
  const chosen = faults.filter(({ name }) => !words || words.some((word) => name.includes(word)));
  if (values.list)
    return say(`${chosen.map(({ name, title }) => `${name.padEnd(24)}${title}`).join('\n')}\n`);
  if (chosen.length === 0) throw new Error(`no fault has ${values.only} in its name; see --list`);
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
  let stand: ChaosStand | undefined;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      void stand?.stop().catch(() => {});
    });
  }
  // Those that need servers of their own come last: one more stand for each kind.
  const ordered = [...chosen].sort((a, b) => kindOf(a) - kindOf(b));
  let kind: number | undefined;
  for (const fault of ordered) {
    if (stopped) break;
    const { smallDisk = false, standby = false } = fault;
    try {
      if (stand && kindOf(fault) !== kind) stand = void (await stand.stop());
      kind = kindOf(fault);
      stand ??= await ChaosStand.start({
        users: Math.ceil(Number(values.users) / 2),
        paceMs: Number(values.pace),
        others: aside,
        smallDisk,
        standby,
        report,
      });
      await runFault(stand, fault, Number(values.rounds ?? fault.rounds), async (row) => {
        rows.set(row.name, row);
        await write();
      });
    } catch (error) {
      // The next fault gets a stand that this one has not touched.
      failed.push(fault.name);
      report(`${fault.name} could not be tried to the end: ${error instanceof Error ? error.stack : error}`);
      await stand?.stop().catch((failure: unknown) => report(`the stand did not stop: ${failure}`));
      stand = undefined;
    }
  }
  await stand?.stop();
  if (rows.size > 0) say(`${tableOf([...rows.values()])}\n`);
  for (const name of failed) say(`\nnot tried to the end: ${name}\n`);
  report(`the table is in ${values.table}`);
  return !stopped && failed.length === 0 && [...rows.values()].every(isClean);
}

/** Faults of one kind share a stand. */
function kindOf({ smallDisk = false, standby = false }: Fault): number {
  return Number(standby) + 2 * Number(smallDisk);
}

function say(text: string): true {
  process.stdout.write(text);
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
