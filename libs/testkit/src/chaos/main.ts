import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ChaosStand } from './chaos-stand.js';
import { aside, faults } from './faults/index.js';
import { runFault } from './run.js';
import { isClean, type Row, tableOf } from './table.js';

const usage = `npm run chaos -- [--only NAME,...] [--rounds N] [--users N] [--pace MS] [--json FILE] [--list]

  --only    faults whose name has one of these in it; all when left out
  --rounds  rounds of each fault, instead of its own number
  --users   users, half of them with the SDK, half as old clients are (20)
  --pace    pause after each ack, milliseconds (20)
  --json    writes the rows to a file too
  --list    names the faults and ends
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    users: { type: 'string', default: '20' },
    pace: { type: 'string', default: '20' },
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
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const rows: Row[] = [];
  try {
    for (const smallDisk of [false, true]) {
      const here = chosen.filter((fault) => (fault.smallDisk ?? false) === smallDisk);
      if (here.length === 0) continue;
      const stand = await ChaosStand.start({
        users: Math.ceil(Number(values.users) / 2),
        paceMs: Number(values.pace),
        others: aside,
        smallDisk,
        report,
      });
      try {
        for (const fault of here) rows.push(await runFault(stand, fault, rounds));
      } finally {
        await stand.stop();
      }
    }
  } finally {
    if (rows.length > 0) say(`${tableOf(rows)}\n`);
    if (values.json) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
  return rows.every(isClean);
}

function say(text: string): true {
  process.stdout.write(text);
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
