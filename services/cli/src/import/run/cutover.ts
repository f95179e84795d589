import { note } from '../../output.js';
import { type CutoverRecord, cutOver } from '../cutover/cutover.js';
import { eveningPage } from '../report/evening-page.js';
import { writePages } from '../report/write-pages.js';
import { Lag } from './lag.js';
import type { ImportSession } from './session.js';
import { verifyImport } from './steps.js';

export interface CutoverSettings {
  /** whether to continue if Redis has lost its keys */
  redisLost: boolean;
  quietSeconds: number;
  withinMinutes: number;
  /** the folder of the record */
  report: string;
}

/** The evening of the move; writes its record as a page and as JSON. */
export async function runCutover(
  session: ImportSession,
  { redisLost, quietSeconds, withinMinutes, report }: CutoverSettings,
): Promise<{ record: CutoverRecord; page: string; data: string }> {
  const record = await session.database.alone(() =>
    cutOver({
      ...session,
      redisLost,
      quietMs: quietSeconds * 1_000,
      withinMs: withinMinutes * 60_000,
      verify: () => verifyImport(session),
      observer: new Lag(session.record),
      onStep: note,
    }),
  );
  const written = await writePages(report, 'teamtalk-cutover', {
    page: eveningPage(`Move from ${record.source}`, record),
    data: record,
  });
  return { record, ...written };
}
