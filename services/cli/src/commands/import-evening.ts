import { Failure } from '../failure.js';
import { print, printJson } from '../output.js';
import type { CutoverOptions, RehearseOptions, RollbackOptions } from './import-options.js';
import { printEvening, tellReport } from './import-output.js';

export async function rehearse({
  maxLoad,
  within,
  quiet,
  report: folder,
  writeMysql,
  follow: followSeconds,
  rate: perSecond,
  messages,
  json,
  ...options
}: RehearseOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const settings = { quietSeconds: quiet, withinMinutes: within, report: folder };
  const { record } = await run.withBothSides(
    run.placesOfCopy(options),
    (session) =>
      tellReport(run.runRehearsal(session, { ...settings, writeMysql, followSeconds, perSecond, messages })),
    maxLoad,
  );
  printEvening(record);
  if (json) printJson(record);
  if (record.decision !== 'go') throw new Failure('the rehearsal ended in no-go');
}

export async function cutover({
  maxLoad,
  redisLost = false,
  within,
  quiet,
  report: folder,
  json,
  ...options
}: CutoverOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const settings = { redisLost, quietSeconds: quiet, withinMinutes: within, report: folder };
  const { record } = await run.withBothSides(
    run.legacyPlaces(options),
    (session) => tellReport(run.runCutover(session, settings)),
    maxLoad,
  );
  printEvening(record);
  if (json) printJson(record);
  if (record.decision !== 'go') throw new Failure('the decision is no-go: the old servers stay');
}

export async function rollback({
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
