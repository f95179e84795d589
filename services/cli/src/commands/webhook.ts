import type { Command } from 'commander';
import { commaSeparated, wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';

interface AddOptions {
  events: string[];
  bot?: number;
}

const maxId = 0x7fff_ffff;

/** `teamtalk webhook add|list|remove|dead|retry` */
export function define(webhook: Command): void {
  webhook.addHelpText('after', databaseHelp);

  webhook
    .command('add <name> <url>')
    .description('Post events to a URL; the secret that signs them is shown once')
    .requiredOption(
      '--events <list>',
      'the events, separated by commas: message, presence, group, file',
      commaSeparated,
    )
    .option('--bot <user_id>', 'the user whose messages are posted', wholeNumber(1, maxId))
    .action((name: string, url: string, { events, bot }: AddOptions) =>
      withDatabase(async (dataSource, { addWebhook }) => {
        const secret = await addWebhook(dataSource, {
          name,
          url,
          events,
          ...(bot !== undefined && { botId: bot }),
        });
        print(secret);
        note(`this is the secret of ${name}; it is not shown again`);
      }),
    );

  webhook
    .command('list')
    .description('List them: name, URL, events, bot, pending events, dead letters; separated by tabs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { listWebhooks }) => {
        for (const webhook of await listWebhooks(dataSource)) {
          if (json) {
            printJson(webhook);
            continue;
          }
          const { name, url, events, botId, waiting, failed, disabled } = webhook;
          const counts = [`${waiting} wait`, `${failed} dead`];
          const state = disabled ? ['(disabled)'] : [];
          printRow([name, url, events.join(','), botId ?? 'no bot', ...counts, ...state]);
        }
      }),
    );

  webhook
    .command('remove <name>')
    .description('Remove one, with its pending events')
    .action((name: string) =>
      withDatabase(async (dataSource, { removeWebhook }) => {
        if (!(await removeWebhook(dataSource, name))) throw new Failure(`there is no webhook ${name}`);
        print(`removed ${name}`);
      }),
    );

  webhook
    .command('dead <name>')
    .description('Show the dead letters of one, the oldest 1,000: JSON, one per line')
    .action((name: string) =>
      withDatabase(async (dataSource, { deadLetters }) => {
        for (const letter of await deadLetters(dataSource, name)) printJson(letter);
      }),
    );

  webhook
    .command('retry <name>')
    .description('Retry the dead letters of one')
    .action((name: string) =>
      withDatabase(async (dataSource, { maxLetters, retryDeadLetters }) => {
        let [retried, batch] = [0, maxLetters];
        for (; batch === maxLetters; retried += batch) batch = await retryDeadLetters(dataSource, name);
        print(`${retried} events are tried again`);
      }),
    );
}
