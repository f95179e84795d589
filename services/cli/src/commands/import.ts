import { type Command, InvalidArgumentError } from 'commander';
import { hostAndPort, wholeNumber } from '../arguments.js';
import { databaseHelp } from '../database.js';
import { Failure } from '../failure.js';
import type { Inspection } from '../import/inspect/findings.js';
import type { RedisPool } from '../import/legacy-config.js';
import type { Verification } from '../import/verification.js';
import type { AnswersComparison } from '../import-verify/answers/compare.js';
import { print, printJson } from '../output.js';

interface SourceOptions {
  config?: string;
  mysql?: string;
  redis?: string;
  dbNumbers?: Partial<Record<RedisPool, number>>;
  images?: string;
  offlineFiles?: string;
  textKey?: string;
}

interface CopyOptions extends SourceOptions {
  maxLoad: number;
}

interface FollowOptions extends CopyOptions {
  stateEvery: number;
  metrics?: { host: string; port: number };
  once?: boolean;
}

interface ReportOptions {
  report: string;
  json?: boolean;
}

interface CutoverOptions extends CopyOptions, ReportOptions {
  within: number;
  quiet: number;
}

interface RollbackOptions extends SourceOptions {
  writeMysql: string;
  every: number;
  once?: boolean;
  json?: boolean;
}

interface CompareOptions {
  old: { host: string; port: number };
  new: { host: string; port: number };
  users: string;
  sample?: number;
  json?: boolean;
}

/** `teamtalk import inspect|copy|follow|verify|compare-answers|cutover|rollback|report|all` */
export function define(command: Command): void {
  command.addHelpText('after', databaseHelp);
  source(command.command('inspect'))
    .description('Say what is in the old store, what becomes of it, and what stands in the way; reads only')
    .option('--json', 'print JSON')
    .action(inspect);
  paced(source(command.command('copy')))
    .description(
      'Copy everything into an empty installation; the same command continues what was interrupted',
    )
    .action(copy);
  paced(source(command.command('follow')))
    .description('Keep up with the old servers while they run, after `copy`; until Ctrl-C')
    .option(
      '--state-every <seconds>',
      'how often everything that is no message is read again, whole',
      wholeNumber(1, 86_400),
      60,
    )
    .option('--metrics <host:port>', 'serve the lag at /metrics', hostAndPort)
    .option('--once', 'bring what is there now, and stop')
    .action(follow);
  source(command.command('verify'))
    .description('Compare both sides, every message and every file, by a program of its own')
    .option('--json', 'print JSON')
    .action(verify);
  command
    .command('compare-answers')
    .description('Ask an old and a new msg_server, as some users, what clients ask; compare the answers')
    .requiredOption('--old <host:port>', 'a msg_server of the old installation', hostAndPort)
    .requiredOption('--new <host:port>', 'a msg_server of the new installation', hostAndPort)
    .requiredOption('--users <file>', 'of each user a line: the name, a tab, the password')
    .option('--sample <count>', 'so many of them, drawn by lot', wholeNumber(1, 1_000_000))
    .option('--json', 'print JSON')
    .action(compareAnswers);
  reported(paced(source(command.command('cutover'))))
    .description(
      'The evening of the move: wait until the old servers are stopped, bring the rest, verify, go or no go',
    )
    .option('--within <minutes>', 'for how long it may take', wholeNumber(1, 1_440), 60)
    .option(
      '--quiet <seconds>',
      'the old servers count as stopped when nothing was written for so long',
      wholeNumber(1, 3_600),
      10,
    )
    .action(cutover);
  source(command.command('rollback'))
    .description(
      'After the cutover: write what happens on the new servers back into the old store; until Ctrl-C',
    )
    .requiredOption('--write-mysql <url>', 'the old database, by an account that may write to it')
    .option('--every <seconds>', 'how often', wholeNumber(1, 3_600), 10)
    .option('--once', 'write back what is there now, and stop: with the new servers stopped nothing is left')
    .option('--json', 'print JSON')
    .action(rollback);
  reported(command.command('report'))
    .description('Write what was copied, left out and verified, as a page and as JSON')
    .action(report);
  reported(paced(source(command.command('all'))))
    .description('inspect, copy, verify and report in one go; status 0 only when nothing is unexplained')
    .action(all);
}

function paced(command: Command): Command {
  return command.option(
    '--max-load <percent>',
    'read the old database for at most this share of the time',
    wholeNumber(1, 100),
    100,
  );
}

function reported(command: Command): Command {
  return command
    .option('--report <folder>', 'where teamtalk-import.html and teamtalk-import.json are written', '.')
    .option('--json', 'print the totals as the last line, as JSON');
}

/** Adds the options that say where the legacy installation is. */
function source(command: Command): Command {
  return command
    .option('--config <folder>', 'the folder of the old dbproxyserver.conf and msfs.conf, which say the rest')
    .option('--mysql <url>', 'the old database: mysql://user:password@host:3306/teamtalk')
    .option('--redis <url>', 'the old Redis: redis://:password@host:6379')
    .option(
      '--db-numbers <list>',
      'Redis databases of the pools: unread=1,group_set=2,sync=3,token=4,group_member=5',
      dbNumbers,
    )
    .option('--images <folder>', 'BaseDir of the old msfs, with the folders 000 to 255')
    .option('--offline-files <folder>', 'the folder offline_file of the old file_server')
    .option('--text-key <key>', 'aesKey of the old servers, 32 characters');
}

async function inspect({ json, ...options }: SourceOptions & { json?: boolean }): Promise<void> {
  const run = await import('../import/run/index.js');
  const inspection = await run.withBothSides(run.legacyPlaces(options), run.inspect);
  if (json) printJson(inspection);
  else printInspection(inspection, run.duration(inspection.estimate.seconds));
  if (inspection.blockers.length > 0) throw new Failure(inspection.blockers.join('\n'));
}

function printInspection({ rows, findings, estimate }: Inspection, time: string): void {
  for (const [table, count] of Object.entries(rows))
    print(`${table.padEnd(20)} ${count.toLocaleString('en')}`);
  for (const { what, becomes, count, samples } of findings) {
    print(`\n${count.toLocaleString('en')}  ${what}`);
    print(`    becomes: ${becomes}`);
    for (const sample of samples) print(`    ${sample}`);
  }
  const gigabytes = (estimate.databaseBytes / 1e9).toFixed(1);
  print(
    `\nabout ${time} for ${estimate.messages.toLocaleString('en')} messages, and ${gigabytes} GB of PostgreSQL’s disk`,
  );
}

async function copy({ maxLoad, ...options }: CopyOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  await run.withBothSides(run.legacyPlaces(options), async (session) =>
    run.copy(session, await run.inspect(session), maxLoad),
  );
  print('copied; `teamtalk import verify` compares both sides');
}

async function follow({
  maxLoad,
  stateEvery,
  metrics,
  once = false,
  ...options
}: FollowOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  await run.withBothSides(run.legacyPlaces(options), (session) =>
    run.followOldServers(session, { maxLoad, stateEvery, metrics, once }),
  );
}

async function verify({ json, ...options }: SourceOptions & { json?: boolean }): Promise<void> {
  const run = await import('../import/run/index.js');
  const verification = await run.withBothSides(run.legacyPlaces(options), run.verifyImport);
  if (json) printJson(verification);
  else printVerification(verification);
  requireExplained(verification.unexplained);
}

function printVerification({ reconciliations, comparisons, unexplained }: Verification): void {
  for (const { name, source: rows, imported, unexplained: open, samples } of reconciliations) {
    print(`${name.padEnd(24)} ${rows} rows, ${imported} imported, ${open} unexplained`);
    for (const sample of samples) print(`    ${sample}`);
  }
  for (const { name, compared, differences, samples } of comparisons) {
    print(`${name}: ${compared} compared, ${differences} different`);
    for (const sample of samples) print(`    ${sample}`);
  }
  print(`${unexplained} unexplained`);
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

function printAnswers({ compared, allowed, differences, unexplained }: AnswersComparison): void {
  print(`${compared} answers compared`);
  for (const [name, count] of Object.entries(allowed)) print(`${count} allowed: ${name}`);
  for (const { user, question, path, old, new: ours } of differences) {
    print(`${user}, ${question}, ${path}: ${JSON.stringify(old)} there, ${JSON.stringify(ours)} here`);
  }
  print(`${unexplained} unexplained`);
}

async function cutover({
  maxLoad,
  within,
  quiet,
  report: folder,
  json,
  ...options
}: CutoverOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const settings = { maxLoad, quietSeconds: quiet, withinMinutes: within, report: folder };
  const { record } = await run.withBothSides(run.legacyPlaces(options), (session) =>
    tellReport(run.runCutover(session, settings)),
  );
  for (const { question, found, isMet } of record.criteria)
    print(`${isMet ? 'yes' : 'NO '}  ${question} ${found}`);
  print(`\n${record.decision}`);
  for (const [at, each] of record.next.entries()) print(`${at + 1}. ${each}`);
  if (json) printJson(record);
  if (record.decision !== 'go') throw new Failure('the old servers stay');
}

async function rollback({
  writeMysql,
  every,
  once = false,
  json,
  ...options
}: RollbackOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const result = await run.withBothSides(run.legacyPlaces(options), (session) =>
    run.runRollback(session, { writeMysql, every, once }),
  );
  if (json) {
    printJson(result);
    return;
  }
  print(`${result.messages} messages were written back`);
  for (const [reason, count] of Object.entries(result.notReturned)) print(`${count} ${reason}`);
  for (const each of result.next) print(each);
}

async function report(options: ReportOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const { totals } = (
    await run.withTarget((database) => tellReport(run.writeReport(database, options.report)))
  ).report;
  if (options.json) printJson(totals);
}

async function tellReport<T extends { page: string; data: string }>(writing: Promise<T>): Promise<T> {
  const written = await writing;
  print(`report: ${written.page} and ${written.data}`);
  return written;
}

async function all({
  maxLoad,
  report: folder,
  json,
  ...options
}: CopyOptions & ReportOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const totals = await run.withBothSides(run.legacyPlaces(options), async (session) => {
    const inspection = await run.inspect(session);
    print(`inspected: ${inspection.findings.length} kinds of dirt`);
    await run.copy(session, inspection, maxLoad);
    print('copied');
    const { unexplained, seconds } = await run.verifyImport(session);
    print(`verified in ${run.duration(seconds)}: ${unexplained} unexplained`);
    return (await tellReport(run.writeReport(session.database, folder))).report.totals;
  });
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

function dbNumbers(text: string): Partial<Record<RedisPool, number>> {
  const pools: readonly string[] = ['unread', 'group_set', 'sync', 'token', 'group_member'];
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, pool = '', number] = /^\s*(\w+)=(\d{1,4})\s*$/.exec(part) ?? [];
      if (!pools.includes(pool)) {
        throw new InvalidArgumentError(`must be such as unread=1,token=4, of ${pools.join(', ')}`);
      }
      return [pool, Number(number)];
    }),
  );
}
