import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { checkOut, DurableInfrastructure } from '@teamtalk/cluster';
import { describeReport, isClean, reportOf } from './report.js';
import { TestRollingCluster } from './test-rolling-cluster.js';
import { bringUp, describeMigrations, migrateFrom } from './upgrade.js';

const usage = `npm run rolling -- [--clients N] [--rate N] [--from REF] [--together] [--spread MS] [--pause MS] [--json FILE]

  --clients  clients, a fifth of each kind (2000)
  --rate     messages a second of all of them (2000)
  --from     a commit, which is checked out and built and whose processes run at first; then the database is migrated to
             this version's schema, and every process replaced by this version's, and by the old one's again.
             "migration": the commit before the newest migration. Without it every process is restarted
  --together all services at once, as when a new version is applied to a cluster, instead of one after the other
  --spread   over which a msg_server that stops closes its clients, ms (10000)
  --prestop  between taking a process out of its Service and its SIGTERM, ms (1000)
  --pause    between all clients being back and the next process, ms (2000)
  --json     also writes the report to a file
`;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '2000' },
    from: { type: 'string' },
    together: { type: 'boolean', default: false },
    spread: { type: 'string', default: '10000' },
    prestop: { type: 'string', default: '1000' },
    pause: { type: 'string', default: '2000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<boolean> {
  if (values.help) {
    process.stdout.write(usage);
    return true;
  }
  const begun = performance.now();
  const say = (text: string) => {
    process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)}  ${text}\n`);
  };
  const checkout = values.from && checkOut(values.from);
  const [clients, rate] = [wholeNumber('clients'), wholeNumber('rate')];
  const infrastructure = await DurableInfrastructure.start(
    checkout ? (url) => migrateFrom(checkout, url) : undefined,
  );
  try {
    const testbed = await TestRollingCluster.start({
      clients: clients + (clients % 2),
      rate,
      most: rate * 1_800,
      spreadMs: wholeNumber('spread'),
      preStopMs: wholeNumber('prestop'),
      pauseMs: wholeNumber('pause'),
      waitFactor: 1,
      infrastructure,
      checkout,
      say,
    });
    const replace = (what: string) =>
      values.together ? testbed.replaceAllTogether(what) : testbed.replaceAll(what);
    try {
      await testbed.begin();
      if (checkout) {
        testbed.observations.begin('migration');
        say(describeMigrations(await bringUp(testbed.cluster.database.url)));
        testbed.cluster.checkout = undefined;
        await replace('to this version');
        testbed.cluster.checkout = checkout;
        await replace('back');
      } else {
        await replace('restart');
      }
      await testbed.finish();
      const report = reportOf(testbed, clients);
      process.stdout.write(`${describeReport(report)}\n`);
      if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
      return isClean(report);
    } finally {
      await testbed.stop();
    }
  } finally {
    await infrastructure.stop();
  }
}

/** @throws Error when it is none */
function wholeNumber(name: 'clients' | 'rate' | 'spread' | 'prestop' | 'pause'): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 0)
    throw new Error(`--${name}: a whole number, not ${values[name]}`);
  return number;
}

process.exitCode = (await main()) ? 0 : 1;
