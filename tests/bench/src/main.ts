import { parseArgs } from 'node:util';
import { checkOut } from '@teamtalk/cluster';
import { isServiceName, serviceNames } from '@teamtalk/local-stack';
import { runSuite, scenarios } from './suite.js';

const usage = `npm run bench -- [SCENARIO ...] [--quick] [--rounds N] [--against REF] [--stored N] [--profile SERVICE]
                 [--out FOLDER] [--list]

  SCENARIO   those to measure; all that are not on demand when left out
  --quick    short runs that show that everything works
  --rounds   how often each is measured (1); figures are medians
  --against  a commit, whose services are measured by turns with this one's, on this one's schema
  --stored   messages in a full table (10000000)
  --profile  a service whose time to break down
  --out      folder for results.json and index.html (bench-results)
  --list     names the scenarios and ends
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    stored: { type: 'string', default: '10000000' },
    profile: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    against: { type: 'string' },
    out: { type: 'string', default: 'bench-results' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) return print(usage);
  if (values.list) {
    for (const { name, title, onDemand } of scenarios) {
      print(`${name.padEnd(20)}${title}${onDemand ? ' (only when named)' : ''}\n`);
    }
    return;
  }
  const { profile } = values;
  if (profile !== undefined && !isServiceName(profile))
    throw new Error(`--profile: one of ${serviceNames.join(', ')}, not ${profile}`);
  const stored = Number(values.stored);
  if (!Number.isInteger(stored) || stored < 1 || stored > 200_000_000)
    throw new Error(`--stored: a whole number from 1 to 200000000, not ${values.stored}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds: a whole number from 1 to 100, not ${values.rounds}`);
  if (profile !== undefined && (rounds > 1 || values.against !== undefined))
    throw new Error('--profile: one measurement of one checkout');
  const against =
    values.against === undefined ? undefined : { ref: values.against, checkout: checkOut(values.against) };
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { quick, out } = values;
  print(`${await runSuite({ names: positionals, quick, out, stored, profile, rounds, against, say })}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}

await main();
