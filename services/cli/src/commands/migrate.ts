import type { Command } from 'commander';
import { databaseHelp, withDatabase } from '../database.js';
import { jsonOption, print, printJson } from '../output.js';

/** `teamtalk migrate up|down|status` */
export function define(migrate: Command): void {
  migrate.addHelpText('after', databaseHelp);

  migrate
    .command('up')
    .description('Apply every migration that is missing')
    .action(() =>
      withDatabase(async (dataSource, { migrateUp, whyNothing }) => {
        const onProgress = (name: string) => print(`applied ${name}`);
        const applied = await migrateUp(dataSource, { onProgress });
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
