import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, print, printJson, printRow } from '../output.js';

const id = wholeNumber(1, 0x7fff_ffff);

const whyNot = {
  'not-found': 'there is no such user',
  'still-here': 'the user has not left; only users who have left can be erased',
  held: 'the user is under a legal hold',
} as const;

/** `teamtalk erase user|list|certificate` */
export function define(erase: Command): void {
  erase.addHelpText('after', databaseHelp);

  erase
    .command('user')
    .description('Erase a person who has left, and print the id of the erasure; this cannot be undone')
    .argument('<id>', 'user id', id)
    .argument('<reason>', 'reason for the audit log, such as a ticket number')
    .addHelpText(
      'after',
      '\nNames, contacts, devices and tokens are erased at once; db_proxy_server replaces what they wrote in the background.\n',
    )
    .action((userId: number, reason: string) =>
      withDatabase(async (dataSource, { Erasures, databaseOf, operator }) => {
        const outcome = await new Erasures(databaseOf(dataSource)).request(userId, reason, operator());
        if (outcome.result !== 'saved') throw new Failure(whyNot[outcome.result]);
        print(String(outcome.id));
      }),
    );

  erase
    .command('list')
    .description(
      'List erasures, newest first: id, user, messages erased, messages held, reason, requested by, requested at, finished at',
    )
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { Erasures, databaseOf }) => {
        for (const each of await new Erasures(databaseOf(dataSource)).all()) {
          const shown = withMoments(each);
          const {
            id: erasureId,
            userId,
            messages,
            held,
            reason,
            requestedBy,
            requestedAt,
            finishedAt,
          } = shown;
          if (json) printJson(shown);
          else {
            const until = finishedAt ?? 'in progress';
            printRow([erasureId, `user ${userId}`, messages, held, reason, requestedBy, requestedAt, until]);
          }
        }
      }),
    );

  erase
    .command('certificate')
    .description('Print the certificate of a finished erasure, as JSON')
    .argument('<id>', 'erasure id', id)
    .action((erasureId: number) =>
      withDatabase(async (dataSource, { Erasures, databaseOf }) => {
        const all = await new Erasures(databaseOf(dataSource)).all();
        const erasure = all.find((each) => each.id === erasureId);
        if (!erasure) throw new Failure(`there is no erasure ${erasureId}`);
        if (erasure.finishedAt === null) throw new Failure(`erasure ${erasureId} is in progress`);
        printJson(withMoments(erasure));
      }),
    );
}

function withMoments<E extends { requestedAt: number; finishedAt: number | null }>(erasure: E) {
  const { requestedAt, finishedAt } = erasure;
  return {
    ...erasure,
    requestedAt: new Date(requestedAt * 1000).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt * 1000).toISOString(),
  };
}
