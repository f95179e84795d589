import type { Command } from 'commander';
import { databaseHelp, withDatabase } from '../database.js';
import { jsonOption, print, printJson } from '../output.js';

const grantsHelp =
  '\nGrants are renewed each time. A role that does not exist is made with the password in GRANT_TO_PASSWORD or' +
  '\nGRANT_READ_TO_PASSWORD. GRANT_TO and GRANT_READ_TO stand for the options.';

/** `teamtalk migrate up|down|status` */
export function define(migrate: Command): void {
  migrate.addHelpText('after', databaseHelp);

  migrate
    .command('up')
    .description('Apply every migration that is missing')
    .option('--grant-to <role>', 'the role of db_proxy_server: it may read and write rows, and nothing else')
    .option('--grant-read-to <role>', 'the role of backups: it may read everything')
    .addHelpText('after', grantsHelp)
    .action(({ grantTo, grantReadTo }: { grantTo?: string; grantReadTo?: string }) =>
      withDatabase(async (dataSource, { migrateUp, readGrants, whyNothing }) => {
        const onProgress = (name: string) => print(`applied ${name}`);
        const named = {
          ...(grantTo !== undefined && { GRANT_TO: grantTo }),
          ...(grantReadTo !== undefined && { GRANT_READ_TO: grantReadTo }),
        };
        const grants = readGrants({ ...process.env, ...named });
        const applied = await migrateUp(dataSource, { grants, onProgress });
        if (applied.length === 0) print(await whyNothing(dataSource));
      }),
    );

  migrate
    .command('down')
    .description('Revert the newest migration, with the data it holds')
    .action(() =>
      withDatabase(async (dataSource, { migrateDown }) => {
        const name = await migrateDown(dataSource);
        print(name ? `took back ${name}` : 'nothing to do: no migration is applied');
      }),
    );

  migrate
    .command('status')
    .description('List the migrations')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { migrationStatus }) => {
        for (const { name, state } of await migrationStatus(dataSource)) {
          if (json) printJson({ name, state });
          else print(`${state.padEnd(7)}  ${name}`);
        }
      }),
    );
}
