import type { Command } from 'commander';
import { callsPerSecond } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';

interface AddOptions {
  as: string;
  to: string;
  any?: boolean;
  rate: number;
}

/** `teamtalk hook add|list|remove` */
export function define(hook: Command): void {
  hook.addHelpText('after', databaseHelp);

  hook
    .command('add <name>')
    .description(
      'Add an incoming webhook: a bot forwards what is posted to its URL to a user or group. Its path is shown once',
    )
    .requiredOption('--as <bot>', 'the bot that sends the messages (teamtalk bot add)')
    .requiredOption(
      '--to <receiver>',
      "'@NAME' or user:ID; '#NAME' or group:ID of a group that the bot is in",
    )
    .option('--any', 'allow posts to name another receiver in their channel field')
    .option('--rate <n/s>', 'maximum rate of posts, with bursts of ten seconds’ worth', callsPerSecond, 1)
    .action((name: string, { as, to, any = false, rate }: AddOptions) =>
      withDatabase(async (dataSource, { Bots, databaseOf, Hooks, operator }) => {
        const database = databaseOf(dataSource);
        const bot = (await new Bots(database).list()).find((each) => each.name === as);
        if (!bot) throw new Failure(`there is no bot ${as}`);
        const { newToken } = await import('@teamtalk/service-kit');
        const { token, hash } = newToken();
        const wanted = { name, botId: bot.id, receiver: to, anyReceiver: any, rate, tokenHash: hash };
        const { result } = await new Hooks(database).create(wanted, operator());
        if (result !== 'saved') throw new Failure(`there is already a hook ${name}`);
        print(`/hooks/${token}`);
        note(`this is the path of ${name} at http_msg_server; it is not shown again`);
      }),
    );

  hook
    .command('list')
    .description('List hooks: name, bot, receiver, rate; separated by tabs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { databaseOf, Hooks }) => {
        for (const found of await new Hooks(databaseOf(dataSource)).list()) {
          if (json) {
            printJson(found);
            continue;
          }
          const { name, botName, userId, receiverName, anyReceiver, rate } = found;
          const to = `${userId === null ? '#' : '@'}${receiverName}`;
          printRow([name, `as ${botName}`, to, `${rate}/s`, ...(anyReceiver ? ['or anybody'] : [])]);
        }
      }),
    );

  hook
    .command('remove <name>')
    .description('Remove a hook; its URL stops working at once')
    .action((name: string) =>
      withDatabase(async (dataSource, { databaseOf, Hooks, operator }) => {
        const hooks = new Hooks(databaseOf(dataSource));
        const found = (await hooks.list()).find((each) => each.name === name);
        const outcome = found && (await hooks.delete(found.id, operator()));
        if (outcome?.result !== 'saved') throw new Failure(`there is no hook ${name}`);
        print(`removed ${name}`);
      }),
    );
}
