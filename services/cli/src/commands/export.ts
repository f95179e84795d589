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
    .description('Request an export, and print its id; somebody else has to approve it')
    .argument('<reason>', 'reason for the audit log, such as a case number')
    .option('--user <id>', 'a user: their conversations, and the groups they are in', id)
    .option('--group <id>', 'a group: its messages', id)
    .action((reason: string, { user, group }: RequestOptions) => {
      if ((user === undefined) === (group === undefined)) {
        throw new Failure('exactly one of --user and --group is required');
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
    .description('Approve an export that somebody else has requested')
    .argument('<id>', 'id from the list', id)
    .action((exportId: number) =>
      withDatabase(async (dataSource, { MessageExports, databaseOf, operator }) => {
        const { result } = await new MessageExports(databaseOf(dataSource)).approve(exportId, operator());
        if (result === 'conflict') throw new Failure('the person who requested an export cannot approve it');
        if (result !== 'saved') throw new Failure(`there is no export ${exportId}`);
        print(`approved ${exportId}`);
      }),
    );

  command
    .command('list')
    .description(
      'List exports, newest first: id, user or group, its name, reason, requested by, approved by, messages written, manifest hash',
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
    .description('Write an approved export into a new folder: messages.jsonl, attachments, manifest.json')
    .argument('<id>', 'id from the list', id)
    .argument('<folder>', 'folder to create')
    .option('--images <url>', 'msfs to fetch images from; default: images are exported as URLs only', httpUrl)
    .addOption(
      new Option('--text-key <key>', 'key that decrypts texts; default: TEXT_KEY, or the key of old clients'),
    )
    .action((exportId: number, folder: string, { images, textKey }: { images?: string; textKey?: string }) =>
      withDatabase(async (dataSource, { MessageExports, databaseOf, exportedMessages, operator }) => {
        const { writeExport } = await import('../export/write-export.js');
        const database = databaseOf(dataSource);
        const exports = new MessageExports(database);
        const found = await exports.writable(exportId);
        if (!found) throw new Failure(`there is no export ${exportId} approved within the last week`);
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
