import { parseArgs } from 'node:util';
import { isServiceName, serviceNames } from '@teamtalk/local-stack';
import { runSuite, scenarios } from './suite.js';

const usage = `npm run bench -- [SCENARIO ...] [--quick] [--stored N] [--profile SERVICE] [--out FOLDER] [--list]

  SCENARIO   those to measure; all that are not on demand when left out
  --quick    short runs that show that everything works
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
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { quick, out } = values;
  print(`${await runSuite({ names: positionals, quick, out, stored, profile, say })}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}

await main();
