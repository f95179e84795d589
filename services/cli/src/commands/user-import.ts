import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TableRow } from '@teamtalk/administration/user-table';
import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { clearProgress, note, print, printRow, showProgress } from '../output.js';

interface ImportOptions {
  dryRun?: boolean;
  skipErrors?: boolean;
}

const columnsHelp = `
Columns, in any order, with these headings in the first row:
  name         login name; the only required column
  nick_name  real_name  gender (male, female)  email  tel  sign_info
  department   its name, or its full path: Company/R&D
Existing users are changed; an empty cell leaves a field unchanged. New users cannot log in until they are given a password:
teamtalk user import-passwords.
`;

/** `teamtalk user import FILE`, `teamtalk user undo-import ID`, `teamtalk user import-passwords ID` */
export function defineImport(user: Command): void {
  user
    .command('import <file>')
    .description('Add and change users from a CSV or .xlsx file, once every row has been checked')
    .option('--dry-run', 'check the file without changing anything')
    .option('--skip-errors', 'skip rows with errors instead of refusing the whole file')
    .addHelpText('after', columnsHelp)
    .action(importUsers);

  user
    .command('undo-import')
    .argument('<id>', 'id of the import', wholeNumber(1, 0x7fff_ffff))
    .description('Undo an import of the last 30 days, except what has been changed since')
    .action(undoImport);

  user
    .command('import-passwords')
    .argument('<id>', 'id of the import', wholeNumber(1, 0x7fff_ffff))
    .description('Give each user added by an import a first password, and print their names and passwords')
    .option('--renew', 'also replace first passwords that were never used')
    .action(issuePasswords);
}

async function importUsers(file: string, { dryRun, skipErrors }: ImportOptions): Promise<void> {
  const rows = await readRows(file);
  await withDatabase(async (dataSource, { databaseOf, operator, UserImports }) => {
    const { batchesOf, faultText } = await import('@teamtalk/administration/user-table');
    const imports = new UserImports(databaseOf(dataSource));
    const actor = operator();
    const id = await imports.create(path.basename(file), actor);
    let [done, wrong] = [0, 0];
    for (const batch of batchesOf(rows)) {
      const written = batch.map(({ nick_name, real_name, sign_info, ...row }) => ({
        ...row,
        nickName: nick_name,
        realName: real_name,
        signInfo: sign_info,
      }));
      const outcome = await imports.addRows(id, written, actor);
      if (outcome.result !== 'done')
        throw new Failure(`import ${id} did not accept the rows: ${outcome.result}`);
      clearProgress();
      for (const { row_no: row, name, faults } of outcome.value) {
        if (faults.length > 0) wrong++;
        for (const fault of faults) printRow([`row ${row}`, name, faultText(fault)]);
      }
      done += batch.length;
      showProgress(`${done} of ${rows.length} rows checked`);
    }
    clearProgress();
    const checked = await imports.find(id);
    const { creates = 0, changes = 0, same = 0 } = checked ?? {};
    print(
      `import ${id}: ${creates} to add, ${changes} to change, ${same} unchanged, ${wrong} rows with errors`,
    );
    if (dryRun) return;
    if (wrong > 0 && !skipErrors) {
      throw new Failure(
        'nothing was changed because of rows with errors: correct them, or skip them with --skip-errors',
      );
    }
    for (;;) {
      const outcome = await imports.run(id, actor);
      if (outcome.result !== 'done') throw new Failure(`import ${id} cannot be run: ${outcome.result}`);
      const { creates: adds, changes: edits, done: finished } = outcome.value;
      showProgress(`${finished} of ${adds + edits} users`);
      if (finished < adds + edits) continue;
      clearProgress();
      print(`import ${id}: added and changed ${finished} users`);
      note(`to undo it within 30 days: teamtalk user undo-import ${id}`);
      if (adds > 0) note(`first passwords of new users: teamtalk user import-passwords ${id}`);
      return;
    }
  }).finally(clearProgress);
}

async function issuePasswords(id: number, { renew = false }: { renew?: boolean }): Promise<void> {
  await withDatabase(async (dataSource, { databaseOf, operator, UserImports }) => {
    const imports = new UserImports(databaseOf(dataSource));
    let issued = 0;
    let after = 0;
    do {
      const outcome = await imports.issuePasswords(id, { after, renew }, operator());
      if (outcome.result === 'not-found') throw new Failure(`there is no import ${id}`);
      if (outcome.result !== 'done') throw new Failure(`import ${id} has added nobody, or was taken back`);
      for (const { name, password } of outcome.value.users) printRow([name, password]);
      issued += outcome.value.users.length;
      after = outcome.value.next;
    } while (after > 0);
    note(`${issued} users have a first password now, which is shown nowhere else`);
  });
}

async function undoImport(id: number): Promise<void> {
  await withDatabase(async (dataSource, { databaseOf, operator, UserImports }) => {
    const imports = new UserImports(databaseOf(dataSource));
    for (;;) {
      const outcome = await imports.undo(id, operator());
      if (outcome.result === 'not-found') throw new Failure(`there is no import ${id}`);
      if (outcome.result !== 'done') throw new Failure(`import ${id} has changed nothing`);
      const { done, undone, kept, pending, kind } = outcome.value;
      showProgress(`${undone} of ${done} rows`);
      if (undone < done) continue;
      clearProgress();
      print(`import ${id}: undid ${undone} rows; in ${kept} of them, later changes by others were kept`);
      // A command cannot notify the services.
      if (pending === 0) return;
      note(
        kind === 'leave'
          ? `${pending} users are still to rejoin their groups: undo the change in the console, too`
          : `${pending} users can no longer log in; to end their open connections, undo the import in the console, too`,
      );
      return;
    }
  }).finally(clearProgress);
}

/** @throws Failure when the file is not a valid table of users */
async function readRows(file: string): Promise<TableRow[]> {
  const [{ readCells, UnreadableFile }, { readUserTable, tableProblemText }] = await Promise.all([
    import('@teamtalk/administration/user-file'),
    import('@teamtalk/administration/user-table'),
  ]);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  try {
    const table = readUserTable(await readCells(new Uint8Array(bytes)));
    if (Array.isArray(table)) return table;
    throw new Failure(`${file}: ${tableProblemText(table)}`);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const why = {
      'too-large': 'larger than 20 MB, 100 columns or 100,000 rows',
      'not-excel': 'not an .xlsx file',
      'not-csv': 'malformed CSV',
    };
    throw new Failure(`${file} cannot be read: ${why[error.reason]}`);
  }
}
