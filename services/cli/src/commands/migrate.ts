import type { Command } from 'commander';
import { withDatabase } from '../database.js';
import { print } from '../output.js';

/** `teamtalk migrate up|down|status` */
export function register(program: Command): void {
  const migrate = program
    .command('migrate')
    .description(
      'Bring the database to another version of the schema (DATABASE_URL, or the one that runs here)',
    );

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
    .description('Take back the newest migration, with the data it holds')
    .action(() =>
      withDatabase(async (dataSource, { migrateDown }) => {
        const name = await migrateDown(dataSource);
        print(name ? `took back ${name}` : 'nothing to do: no migration is applied');
      }),
    );

  migrate
    .command('status')
    .description('List the migrations')
    .action(() =>
      withDatabase(async (dataSource, { migrationStatus }) => {
        for (const { name, state } of await migrationStatus(dataSource)) {
          print(`${state.padEnd(7)}  ${name}`);
        }
      }),
    );
}
