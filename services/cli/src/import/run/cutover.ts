import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { note } from '../../output.js';
import { type CutoverRecord, cutOver } from '../cutover/cutover.js';
import { cutoverPage } from '../report/cutover-page.js';
import { Lag } from './lag.js';
import type { ImportSession } from './session.js';
import { verifyImport } from './steps.js';

export interface CutoverSettings {
  maxLoad: number;
  quietSeconds: number;
  withinMinutes: number;
  /** the folder of the record */
  report: string;
}

/** The evening of the move; writes its record as a page and as JSON. */
export async function runCutover(
  session: ImportSession,
  { maxLoad, quietSeconds, withinMinutes, report }: CutoverSettings,
): Promise<{ record: CutoverRecord; page: string; data: string }> {
  const record = await session.database.alone(() =>
    cutOver({
      ...session,
      maxLoad,
      quietMs: quietSeconds * 1_000,
      withinMs: withinMinutes * 60_000,
      verify: () => verifyImport(session),
      observer: new Lag(),
      onStep: note,
    }),
  );
  await mkdir(report, { recursive: true });
  const page = path.join(report, 'teamtalk-cutover.html');
  const data = path.join(report, 'teamtalk-cutover.json');
  await writeFile(page, cutoverPage(record));
  await writeFile(data, `${JSON.stringify(record, null, 2)}\n`);
  return { record, page, data };
}
