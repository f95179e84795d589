import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { note, print } from '../output.js';

interface AddOptions {
  events: string[];
  bot?: number;
}

const maxId = 0x7fff_ffff;

/** `teamtalk webhook add|list|remove|dead|retry` */
export function register(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('The URLs that are told of events (DATABASE_URL, or the database that runs here)');

  webhook
    .command('add <name> <url>')
    .description('Have events posted to a URL; the secret they are signed with is shown once')
    .requiredOption('--events <list>', 'separated by commas: message, presence, group, file', words)
    .option('--bot <user_id>', 'the user whose messages it is told', wholeNumber(1, maxId))
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
    .description('List them: name, URL, events, bot, events that wait, dead letters; tabs between them')
    .action(() =>
      withDatabase(async (dataSource, { listWebhooks }) => {
        for (const { name, url, events, botId, waiting, failed } of await listWebhooks(dataSource)) {
          print(
            [name, url, events.join(','), botId ?? 'no bot', `${waiting} wait`, `${failed} dead`].join('\t'),
          );
        }
      }),
    );

  webhook
    .command('remove <name>')
    .description('Remove one, with the events that wait for it')
    .action((name: string) =>
      withDatabase(async (dataSource, { removeWebhook }) => {
        if (!(await removeWebhook(dataSource, name))) throw new Failure(`there is no webhook ${name}`);
        print(`removed ${name}`);
      }),
    );

  webhook
    .command('dead <name>')
    .description('Show the dead letters of one, the oldest 1,000: JSON, one a line')
    .action((name: string) =>
      withDatabase(async (dataSource, { deadLetters }) => {
        for (const letter of await deadLetters(dataSource, name)) print(JSON.stringify(letter));
      }),
    );

  webhook
    .command('retry <name>')
    .description('Have the dead letters of one tried again')
    .action((name: string) =>
      withDatabase(async (dataSource, { retryDeadLetters }) => {
        print(`${await retryDeadLetters(dataSource, name)} events are tried again`);
      }),
    );
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}
