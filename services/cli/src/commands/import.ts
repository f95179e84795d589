import type { Command } from 'commander';
import { hostAndPort, timeOfDay, wholeNumber } from '../arguments.js';
import { databaseHelp } from '../database.js';
import { Failure } from '../failure.js';
import { print, printJson } from '../output.js';
import { cutover, rehearse, rollback } from './import-evening.js';
import { defineCheckImages } from './import-images.js';
import {
  type CopyOptions,
  type FollowOptions,
  following,
  paced,
  type ReportOptions,
  reported,
  source,
  timed,
} from './import-options.js';
import { printAnswers, printInspection, printVerification, tellReport } from './import-output.js';

interface CompareOptions {
  old: { host: string; port: number };
  new: { host: string; port: number };
  users: string;
  sample?: number;
  json?: boolean;
}

/** `teamtalk import inspect|copy|follow|verify|compare-answers|check-images|rehearse|cutover|rollback|report|all` */
export function define(command: Command): void {
  command.addHelpText('after', databaseHelp);
  paced(source(command.command('inspect')))
    .description(
      'Report what the old store contains, what becomes of it, and what blocks an import; read-only',
    )
    .option('--json', 'print JSON')
    .action(inspect);
  paced(source(command.command('copy')))
    .description('Copy everything into an empty installation; the same command resumes an interrupted copy')
    .action(copy);
  following(paced(source(command.command('follow'))))
    .description('Keep up with the old servers while they run, after `copy`; until Ctrl-C')
    .option(
      '--state-every <seconds>',
      'how often everything except messages is read again in full',
      wholeNumber(1, 86_400),
      60,
    )
    .option('--compare-at <hh:mm>', 'verify every day at this time, when nobody writes', timeOfDay)
    .option('--metrics <host:port>', 'serve the lag at /metrics', hostAndPort)
    .option('--once', 'import what is there now, and stop')
    .action(follow);
  paced(source(command.command('verify')))
    .description('Compare both sides, every message and every file, with code independent of the copy')
    .option('--json', 'print JSON')
    .action(verify);
  command
    .command('compare-answers')
    .description(
      'Send the requests of clients to an old and a new msg_server, as some users, and compare the responses',
    )
    .requiredOption('--old <host:port>', 'a msg_server of the old installation', hostAndPort)
    .requiredOption('--new <host:port>', 'a msg_server of the new installation', hostAndPort)
    .requiredOption('--users <file>', 'file with a line per user: name, tab, password')
    .option('--sample <count>', 'use a random sample of this many users', wholeNumber(1, 1_000_000))
    .option('--json', 'print JSON')
    .action(compareAnswers);
  defineCheckImages(command);
  timed(reported(paced(source(command.command('rehearse')))))
    .description(
      'Rehearse on a copy of the old store, into an empty database: copy, follow, cutover, rollback, verify, go or no-go',
    )
    .requiredOption('--write-mysql <url>', 'the copy’s database, with an account that may write to it')
    .option('--follow <seconds>', 'how long to write to the copy and follow it', wholeNumber(1, 86_400), 60)
    .option(
      '--rate <messages>',
      'messages per second to write to the copy meanwhile',
      wholeNumber(1, 10_000),
      20,
    )
    .option(
      '--messages <count>',
      'messages to store here after the cutover and write back',
      wholeNumber(1, 10_000_000),
      1_000,
    )
    .action(rehearse);
  timed(following(reported(paced(source(command.command('cutover'))))))
    .description(
      'Move over: wait until the old servers are stopped, import the rest, verify, decide go or no-go',
    )
    .action(cutover);
  source(command.command('rollback'))
    .description(
      'After the cutover: keep writing the changes on the new servers back to the old store, until Ctrl-C',
    )
    .requiredOption('--write-mysql <url>', 'the old database, with an account that may write to it')
    .option('--every <seconds>', 'interval between passes', wholeNumber(1, 3_600), 10)
    .option('--once', 'write back what is there now, and stop; complete if the new servers are stopped')
    .option('--json', 'print JSON')
    .action(rollback);
  reported(command.command('report'))
    .description('Write what was copied, left out and verified, as a page and as JSON')
    .action(report);
  reported(paced(source(command.command('all'))))
    .description(
      'inspect, copy, verify and report in one go; exit status 0 only if there are no unexplained differences',
    )
    .action(all);
}

async function inspect({ json, maxLoad, ...options }: CopyOptions & { json?: boolean }): Promise<void> {
  const run = await import('../import/run/index.js');
  const inspection = await run.withBothSides(run.legacyPlaces(options), run.inspect, maxLoad);
  if (json) printJson(inspection);
  else printInspection(inspection, run.duration(inspection.estimate.seconds));
  if (inspection.blockers.length > 0) throw new Failure(inspection.blockers.join('\n'));
}

async function copy({ maxLoad, ...options }: CopyOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  await run.withBothSides(
    run.legacyPlaces(options),
    async (session) => run.copy(session, await run.inspect(session)),
    maxLoad,
  );
  print('copied; `teamtalk import verify` compares both sides');
}

async function follow({
  maxLoad,
  stateEvery,
  compareAt,
  metrics,
  once = false,
  redisLost = false,
  ...options
}: FollowOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  await run.withBothSides(
    run.legacyPlaces(options),
    (session) => run.followOldServers(session, { redisLost, stateEvery, compareAt, metrics, once }),
    maxLoad,
  );
}

async function verify({ json, maxLoad, ...options }: CopyOptions & { json?: boolean }): Promise<void> {
  const run = await import('../import/run/index.js');
  const verification = await run.withBothSides(run.legacyPlaces(options), run.verifyImport, maxLoad);
  if (json) printJson(verification);
  else printVerification(verification);
  requireExplained(verification.unexplained);
}

async function compareAnswers({ json, sample, ...options }: CompareOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const comparison = await run.compareServers({ ...options, sample });
  if (json) printJson(comparison);
  else printAnswers(comparison);
  if (comparison.unexplained > 0) {
    throw new Failure(
      `${comparison.unexplained} answers differ in a way that no import may make them differ`,
    );
  }
}

async function report(options: ReportOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const { totals } = (
    await run.withTarget((database) => tellReport(run.writeReport(database, options.report)))
  ).report;
  if (options.json) printJson(totals);
}

async function all({
  maxLoad,
  report: folder,
  json,
  ...options
}: CopyOptions & ReportOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const inspectCopyVerify = async (session: Parameters<typeof run.inspect>[0]) => {
    const inspection = await run.inspect(session);
    print(`inspected: ${inspection.findings.length} kinds of dirt`);
    await run.copy(session, inspection);
    print('copied');
    const { unexplained, seconds } = await run.verifyImport(session);
    print(`verified in ${run.duration(seconds)}: ${unexplained} unexplained`);
    return (await tellReport(run.writeReport(session.database, folder))).report.totals;
  };
  const totals = await run.withBothSides(run.legacyPlaces(options), inspectCopyVerify, maxLoad);
  if (json) printJson(totals);
  else for (const [name, count] of Object.entries(totals)) print(`${name.padEnd(24)} ${count}`);
  requireExplained(totals.unexplained);
}

function requireExplained(unexplained: number | null): void {
  if (unexplained !== 0) {
    throw new Failure(
      `${unexplained} rows, keys or files are unexplained: the report has samples of each kind`,
    );
  }
}
