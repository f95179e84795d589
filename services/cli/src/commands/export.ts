import { type Command, Option } from 'commander';
import { httpUrl, wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';

interface RequestOptions {
  user?: number;
  group?: number;
}

const id = wholeNumber(1, 0x7fff_ffff);

/** `teamtalk export request|approve|list|write` */
export function define(command: Command): void {
  command.addHelpText('after', databaseHelp);

  command
    .command('request')
    .description('Ask for an export; somebody else has to approve it. Prints its id')
    .argument('<reason>', 'such as the number of the case')
    .option('--user <id>', 'their conversations, and the groups they are in', id)
    .option('--group <id>', 'its messages', id)
    .action((reason: string, { user, group }: RequestOptions) => {
      if ((user === undefined) === (group === undefined)) {
        throw new Failure('either --user or --group is needed');
      }
      return withDatabase(async (dataSource, { MessageExports, databaseOf, operator }) => {
        const wanted = { reason, userId: user ?? 0, groupId: group ?? 0 };
        const outcome = await new MessageExports(databaseOf(dataSource)).request(wanted, operator());
        if (outcome.result !== 'saved') {
          throw new Failure(user === undefined ? `there is no group ${group}` : `there is no user ${user}`);
        }
        print(String(outcome.id));
      });
    });

  command
    .command('approve')
    .description('Approve one that somebody else has asked for')
    .argument('<id>', 'as it is listed', id)
    .action((exportId: number) =>
      withDatabase(async (dataSource, { MessageExports, databaseOf, operator }) => {
        const { result } = await new MessageExports(databaseOf(dataSource)).approve(exportId, operator());
        if (result === 'conflict') throw new Failure('whoever asked for it cannot approve it');
        if (result !== 'saved') throw new Failure(`there is no export ${exportId}`);
        print(`approved ${exportId}`);
      }),
    );

  command
    .command('list')
    .description(
      'List them, newest first: id, whose, name, reason, asked by, approved by, messages written, manifest',
    )
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { MessageExports, databaseOf }) => {
        for (const each of await new MessageExports(databaseOf(dataSource)).all()) {
          if (json) {
            printJson(each);
            continue;
          }
          const whose = each.userId === null ? `group ${each.groupId}` : `user ${each.userId}`;
          const { reason, requestedBy, approvedBy, messages, manifestHash } = each;
          printRow([
            ...[each.id, whose, each.name, reason, requestedBy],
            ...[approvedBy ?? '-', messages ?? '-', manifestHash ?? '-'],
          ]);
        }
      }),
    );

  command
    .command('write')
    .description('Write an approved one into a new folder: messages.jsonl, attachments, manifest.json')
    .argument('<id>', 'as it is listed', id)
    .argument('<folder>', 'is made')
    .option(
      '--images <url>',
      'of msfs, from which images are fetched; left out: they stay addresses',
      httpUrl,
    )
    .addOption(new Option('--text-key <key>', 'decrypts texts; default: TEXT_KEY, or that of old clients'))
    .action((exportId: number, folder: string, { images, textKey }: { images?: string; textKey?: string }) =>
      withDatabase(async (dataSource, { MessageExports, databaseOf, exportedMessages, operator }) => {
        const { writeExport } = await import('../export/write-export.js');
        const database = databaseOf(dataSource);
        const exports = new MessageExports(database);
        const found = await exports.writable(exportId);
        if (!found) throw new Failure(`there is no export ${exportId} that was approved within a week`);
        const { userId, groupId, name, reason, requestedBy, approvedBy } = found;
        const written = await writeExport({
          folder,
          about: { export: exportId, userId, groupId, name, reason, requestedBy, approvedBy },
          messages: exportedMessages(database, found),
          images,
          textKey,
        });
        await exports.written(exportId, written.messages, written.manifestHash, operator());
        print(written.manifestHash.toString('hex'));
        note(`${written.messages} messages, ${written.attachments} attachments, ${written.missing} missing`);
      }),
    );
}
