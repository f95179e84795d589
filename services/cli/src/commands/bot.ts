import type { Command } from 'commander';
import { type DataSource, databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';

/** `teamtalk bot add|list|token|revoke` */
export function define(bot: Command): void {
  bot.addHelpText('after', databaseHelp);

  bot
    .command('add <name>')
    .description('Add a bot: a user that logs in with a token, which is shown once')
    .option('--nick <name>', 'displayed name; default: the name', '')
    .action((name: string, { nick }: { nick: string }) =>
      withDatabase(async (dataSource, { Bots, databaseOf, operator }) => {
        const { newToken } = await import('@teamtalk/service-kit');
        const { token, hash } = newToken();
        const wanted = { name, nickName: nick, tokenHash: hash };
        const outcome = await new Bots(databaseOf(dataSource)).create(wanted, operator());
        if (outcome.result !== 'saved') throw new Failure(`there is already a user ${name}`);
        print(token);
        note(`this is the token of ${name}, user ${outcome.id}; it is not shown again`);
      }),
    );

  bot
    .command('list')
    .description('List bots: user id, name, nickname, issue time of the token; separated by tabs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { Bots, databaseOf }) => {
        for (const found of await new Bots(databaseOf(dataSource)).list()) {
          if (json) {
            printJson(found);
            continue;
          }
          const { id, name, nickName, disabled, tokenSetAt } = found;
          printRow([
            id,
            name,
            nickName,
            tokenSetAt?.toISOString() ?? 'no token',
            ...(disabled ? ['(disabled)'] : []),
          ]);
        }
      }),
    );

  bot
    .command('token <name>')
    .description('Issue a new token to a bot; the previous one stops working, but its connections stay open')
    .action((name: string) =>
      withDatabase(async (dataSource, functions) => {
        const { newToken } = await import('@teamtalk/service-kit');
        const { token, hash } = newToken();
        await setToken(dataSource, functions, name, hash);
        print(token);
        note(`this is the token of ${name}; it is not shown again`);
      }),
    );

  bot
    .command('revoke <name>')
    .description('Revoke a bot’s token; its connections stay open')
    .action((name: string) =>
      withDatabase(async (dataSource, functions) => {
        await setToken(dataSource, functions, name, null);
        print(`revoked ${name}`);
      }),
    );
}

type Functions = typeof import('@teamtalk/db_proxy_server');

async function setToken(
  dataSource: DataSource,
  { Bots, databaseOf, operator }: Functions,
  name: string,
  hash: Buffer | null,
): Promise<void> {
  const bots = new Bots(databaseOf(dataSource));
  const found = (await bots.list()).find((each) => each.name === name);
  if (!found) throw new Failure(`there is no bot ${name}`);
  await bots.setToken(found.id, hash, operator());
}
