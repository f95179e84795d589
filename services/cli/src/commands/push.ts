import type { Command } from 'commander';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, printJson, printRow } from '../output.js';
import { defineCredential } from './push-credential.js';

/** `teamtalk push why` and `teamtalk push credential` */
export function define(push: Command): void {
  push.addHelpText('after', databaseHelp);

  push
    .command('why <user>')
    .description(
      'Why did the phone of a user (name or id) ring, or not? Their devices, then what became of each push of the last seven days, newest first',
    )
    .option(...jsonOption)
    .action((user: string, { json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { findPushUser, pushDevicesOf, pushHistory, queryOn }) => {
        const query = queryOn(dataSource);
        const userId = await findPushUser(query, user);
        if (userId === undefined) throw new Failure(`there is no user ${user}`);
        const devices = await pushDevicesOf(query, userId);
        const decisions = await pushHistory(query, userId);
        if (json) {
          for (const each of [...devices, ...decisions]) printJson(each);
          return;
        }
        if (devices.length === 0) note('no device: no client of theirs has sent a token');
        for (const { provider, token, clientVersion, seenAt, failure } of devices) {
          const state = failure ?? 'works';
          printRow(['device', provider, `…${token}`, clientVersion, seenAt.toISOString(), state]);
        }
        for (const { at, provider, conversation, msgId, outcome, reason, attempts } of decisions) {
          const what = [conversation, `message ${msgId}`, outcome, reason, `${attempts} attempts`];
          printRow([at.toISOString(), provider, ...what]);
        }
      }),
    );

  defineCredential(push);
}
