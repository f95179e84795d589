import { type Command, InvalidArgumentError } from 'commander';
import { commaSeparated, wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson } from '../output.js';

interface CreateOptions {
  allow?: string[];
  ip: string[];
  as?: number;
  rate?: number;
  signed?: boolean;
}

const maxId = 0x7fff_ffff;

/** `teamtalk app create NAME`, `teamtalk app list` and `teamtalk app revoke NAME` */
export function define(app: Command): void {
  app.addHelpText('after', databaseHelp);

  app
    .command('create <name>')
    .description('Give a system a key, which is shown once')
    .option(
      '--allow <what>',
      'its permissions, separated by commas: p2p, broadcast, group, history, users, presence, kick, discovery (default: p2p,broadcast,group)',
      commaSeparated,
    )
    .option('--ip <cidr>', 'addresses its calls may come from; may be repeated', append, [])
    .option('--as <user_id>', 'the only user it may send as', wholeNumber(1, maxId))
    .option('--rate <n/s>', 'calls per second, such as 50/s', callsPerSecond)
    .option('--signed', 'it signs its requests instead of sending its key')
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
      permissions: allow ?? usualPermissions,
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
        ...(app.revokedAt ? ['(revoked)'] : []),
      ];
      print(fields.join('\t'));
    }
  });
}

function append(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function callsPerSecond(text: string): number {
  const rate = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1];
  const value = Number(rate);
  if (value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('must be calls per second, such as 50/s');
}
