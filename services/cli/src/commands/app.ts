import type { Command } from 'commander';
import { callsPerSecond, commaSeparated, wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';

interface CreateOptions {
  allow?: string[];
  ip: string[];
  as?: number;
  rate?: number;
  signed?: boolean;
}

const maxId = 0x7fff_ffff;

const permissionsHelp = `
Permissions. As the user of --as, with that user's rights only; without it, as the user that a call names:
  p2p              send messages
  broadcast        send to many at once
  group            see the user's groups; create temporary ones; add and remove members as clients may
  history          read conversations and receipts
  presence         see who is online
  session          list and end the user's connections
  device           register, list and remove the user's devices for push; what became of pushes
Administration, for whole installations:
  users:read       list users and departments
  users:write      add, change and disable them, set passwords
  groups:admin     create, change and dissolve any group
  sessions:admin   list and end anybody's connections
  devices:admin    register, list and remove anybody's devices for push
  bots:admin       add bots and hooks, give them tokens, take them back
  discovery:read   list the pages behind the clients' discovery button
  discovery:write  change them
  statistics       see the msg_servers and how many are online
`;

/** `teamtalk app create NAME`, `teamtalk app list` and `teamtalk app revoke NAME` */
export function define(app: Command): void {
  app.addHelpText('after', permissionsHelp + databaseHelp);

  app
    .command('create <name>')
    .description('Give a system a key, which is shown once')
    .option(
      '--allow <what>',
      'its permissions, separated by commas (default: p2p,broadcast,groups:admin; with --as: p2p,broadcast,group)',
      commaSeparated,
    )
    .option('--ip <cidr>', 'addresses its calls may come from; may be repeated', append, [])
    .option('--as <user_id>', 'the only user it acts as, with the rights of that user', wholeNumber(1, maxId))
    .option('--rate <n/s>', 'calls per second, such as 50/s', callsPerSecond)
    .option('--signed', 'it signs its requests instead of sending its key')
    .addHelpText('after', permissionsHelp)
    .action(create);

  app
    .command('list')
    .description('List them: name, permissions, addresses, user, rate; separated by tabs')
    .option(...jsonOption)
    .action(list);

  app
    .command('revoke <name>')
    .description('Take a key back; http_msg_servers refuse it within seconds')
    .action((name: string) =>
      withDatabase(async (dataSource, { revokeApp }) => {
        if (!(await revokeApp(dataSource, name))) throw new Failure(`there is no app ${name}`);
        print(`revoked ${name}`);
      }),
    );
}

function create(name: string, { allow, ip, as: userId, rate, signed = false }: CreateOptions): Promise<void> {
  return withDatabase(async (dataSource, { addApp, usualPermissions }) => {
    const key = await addApp(dataSource, {
      name,
      permissions: allow ?? usualPermissions(userId !== undefined),
      addresses: ip,
      ...(userId !== undefined && { userId }),
      ...(rate !== undefined && { rate }),
      signs: signed,
    });
    print(key);
    note(
      signed
        ? `this is the signing key of ${name}; it is not shown again`
        : `this is the app_key of ${name}; it is not shown again`,
    );
  });
}

function list({ json }: { json?: boolean }): Promise<void> {
  return withDatabase(async (dataSource, { listApps }) => {
    for (const app of await listApps(dataSource)) {
      if (json) {
        printJson(app);
        continue;
      }
      const fields = [
        app.name,
        app.permissions.join(','),
        app.addresses.join(',') || 'anywhere',
        app.userId === null ? 'as anybody' : `as ${app.userId}`,
        app.rate === null ? 'any rate' : `${app.rate}/s`,
        ...(app.signs ? ['signed'] : []),
        ...(app.revokedAt ? [app.disabled ? '(disabled)' : '(revoked)'] : []),
      ];
      printRow(fields);
    }
  });
}

function append(value: string, previous: string[]): string[] {
  return [...previous, value];
}
