import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, print, printJson, printRow } from '../output.js';

interface PlaceOptions {
  user?: number;
  group?: number;
}

const id = wholeNumber(1, 0x7fff_ffff);

/** `teamtalk hold list|place|release` */
export function define(hold: Command): void {
  hold.addHelpText('after', databaseHelp);

  hold
    .command('list')
    .description('List the holds in place: id, user or group, its name, reason, placed by, placed at')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { LegalHolds, databaseOf }) => {
        for (const each of await new LegalHolds(databaseOf(dataSource)).all()) {
          const placedAt = new Date(each.placedAt * 1000).toISOString();
          const subject = each.userId === null ? `group ${each.groupId}` : `user ${each.userId}`;
          if (json) printJson({ ...each, placedAt });
          else printRow([each.id, subject, each.name, each.reason, each.placedBy, placedAt]);
        }
      }),
    );

  hold
    .command('place <reason>')
    .description('Exempt all messages of a user or group from retention, and print the id of the hold')
    .option('--user <id>', 'a user: their conversations, and the groups they are in now or leave later', id)
    .option('--group <id>', 'a group: its messages', id)
    .action((reason: string, { user, group }: PlaceOptions) => {
      if ((user === undefined) === (group === undefined)) {
        throw new Failure('exactly one of --user and --group is required');
      }
      return withDatabase(async (dataSource, { LegalHolds, databaseOf, operator }) => {
        const wanted = { reason, userId: user ?? 0, groupId: group ?? 0 };
        const outcome = await new LegalHolds(databaseOf(dataSource)).place(wanted, operator());
        if (outcome.result !== 'saved') {
          throw new Failure(user === undefined ? `there is no group ${group}` : `there is no user ${user}`);
        }
        print(String(outcome.id));
      });
    });

  hold
    .command('release')
    .description('Release a hold; retention rules apply to its messages again')
    .argument('<id>', 'id from the list', id)
    .action((holdId: number) =>
      withDatabase(async (dataSource, { LegalHolds, databaseOf, operator }) => {
        const outcome = await new LegalHolds(databaseOf(dataSource)).release(holdId, operator());
        if (outcome.result !== 'saved') throw new Failure(`there is no hold ${holdId}`);
        print(`released ${holdId}`);
      }),
    );
}
