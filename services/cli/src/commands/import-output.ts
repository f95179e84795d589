import type { EveningRecord } from '../import/cutover/evening.js';
import type { Inspection } from '../import/inspect/findings.js';
import type { Verification } from '../import/verification.js';
import type { AnswersComparison } from '../import-verify/answers/compare.js';
import { print } from '../output.js';

export function printInspection({ rows, findings, estimate }: Inspection, time: string): void {
  for (const [table, count] of Object.entries(rows))
    print(`${table.padEnd(20)} ${count.toLocaleString('en')}`);
  for (const { what, becomes, count, samples } of findings) {
    print(`\n${count.toLocaleString('en')}  ${what}`);
    print(`    becomes: ${becomes}`);
    for (const sample of samples) print(`    ${sample}`);
  }
  const gigabytes = ((estimate.databaseBytes + estimate.temporaryBytes) / 1e9).toFixed(1);
  print(
    `\nabout ${time} for ${estimate.messages.toLocaleString('en')} messages, and ${gigabytes} GB of PostgreSQL’s disk`,
  );
}

export function printVerification({ reconciliations, comparisons, unexplained }: Verification): void {
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

export function printAnswers({ compared, allowed, differences, unexplained }: AnswersComparison): void {
  print(`${compared} answers compared`);
  for (const [name, count] of Object.entries(allowed)) print(`${count} allowed: ${name}`);
  for (const { user, question, path, old, new: ours } of differences) {
    print(`${user}, ${question}, ${path}: ${JSON.stringify(old)} there, ${JSON.stringify(ours)} here`);
  }
  print(`${unexplained} unexplained`);
}

/** Prints the result of a cutover or its rehearsal, and what to do next. */
export function printEvening({ criteria, decision, next }: EveningRecord): void {
  for (const { question, found, isMet } of criteria) print(`${isMet ? 'yes' : 'NO '}  ${question} ${found}`);
  print(`\n${decision}`);
  for (const [at, each] of next.entries()) print(`${at + 1}. ${each}`);
}

/** Prints where a report was written. */
export async function tellReport<T extends { page: string; data: string }>(writing: Promise<T>): Promise<T> {
  const written = await writing;
  print(`report: ${written.page} and ${written.data}`);
  return written;
}
