import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { type DataSource, databaseHelp, withDatabase } from '../database.js';
import { jsonOption, print, printJson, printRow } from '../output.js';
import { defineImport } from './user-import.js';

/** `teamtalk user add|list|import|undo-import|import-passwords` */
export function define(user: Command): void {
  user.addHelpText('after', databaseHelp);

  user
    .command('add <name>')
    .description('Add a user')
    .option('--password <password>', 'the password; default: a random one, which is printed')
    .action((name: string, options: { password?: string }) =>
      withDatabase(async (dataSource, { addUser }) => {
        const password = options.password ?? randomBytes(9).toString('base64url');
        const id = await addUser(dataSource, { name, password });
        print(`added ${name}, id ${id}${options.password === undefined ? `, password ${password}` : ''}`);
      }),
    );

  user
    .command('list')
    .description('List all users: id, name, department id, nick name; separated by tabs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource) => {
        for await (const { id, name, departmentId, nickName, status } of allUsers(dataSource)) {
          const left = status === leftTheCompany;
          if (json) printJson({ id, name, departmentId, nickName, left });
          else printRow([id, name, departmentId, nickName, ...(left ? ['(has left)'] : [])]);
        }
      }),
    );

  defineImport(user);
}

interface UserRow {
  id: number;
  name: string;
  departmentId: number;
  nickName: string;
  status: number;
}

const leftTheCompany = 3;
const pageSize = 5_000;

/** Page by page: a large company's list does not have to be in memory at once. */
async function* allUsers(dataSource: DataSource): AsyncGenerator<UserRow> {
  for (let after = 0; ; ) {
    const rows: UserRow[] = await dataSource.query(
      `SELECT id, name, department_id AS "departmentId", nick_name AS "nickName", status
        FROM im_user WHERE id > $1 ORDER BY id LIMIT ${pageSize}`,
      [after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}
