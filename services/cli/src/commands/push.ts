import type { Command } from 'commander';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson } from '../output.js';

/** `teamtalk push why` */
export function define(push: Command): void {
  push.addHelpText('after', databaseHelp);

  push
    .command('why <user>')
    .description(
      'Why did the phone of a user (name or id) ring, or not? Their devices, then what became of each push of the last seven days, newest first',
    )
    .option(...jsonOption)
    .action((user: string, { json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { findPushUser, pushDevicesOf, pushHistory }) => {
        const userId = await findPushUser(dataSource, user);
        if (userId === undefined) throw new Failure(`there is no user ${user}`);
        const devices = await pushDevicesOf(dataSource, userId);
        const decisions = await pushHistory(dataSource, userId);
        if (json) {
          for (const each of [...devices, ...decisions]) printJson(each);
          return;
        }
        if (devices.length === 0) note('no device: no client of theirs has sent a token');
        for (const { provider, token, clientVersion, seenAt, failure } of devices) {
          const state = failure ?? 'works';
          print(['device', provider, `…${token}`, clientVersion, seenAt.toISOString(), state].join('\t'));
        }
        for (const { at, provider, conversation, msgId, outcome, reason, attempts } of decisions) {
          const what = [conversation, `message ${msgId}`, outcome, reason, `${attempts} attempts`];
          print([at.toISOString(), provider, ...what].join('\t'));
        }
      }),
    );
}
