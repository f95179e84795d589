import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../arguments.js';
import { withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { note, print } from '../output.js';

interface CreateOptions {
  allow?: string[];
  ip: string[];
  as?: number;
  rate?: number;
  signed?: boolean;
}

const maxId = 0x7fff_ffff;

/** `teamtalk app create NAME`, `teamtalk app list` and `teamtalk app revoke NAME` */
export function register(program: Command): void {
  const app = program
    .command('app')
    .description(
      'The internal systems that may call the HTTP API (DATABASE_URL, or the database that runs here)',
    );

  app
    .command('create <name>')
    .description('Give a system a key; it is shown once')
    .option(
      '--allow <what>',
      'what it may do, separated by commas: p2p, broadcast, group, history, users, presence, kick, discovery (default: p2p,broadcast,group)',
      words,
    )
    .option('--ip <cidr>', 'where its calls may come from; may be given several times', append, [])
    .option('--as <user_id>', 'the only user it may speak as', wholeNumber(1, maxId))
    .option('--rate <n/s>', 'calls a second, such as 50/s', callsASecond)
    .option('--signed', 'it signs its requests instead of sending its key')
    .action(create);

  app
    .command('list')
    .description('List them: name, what it may do, where from, as whom, rate; tabs between them')
    .action(list);

  app
    .command('revoke <name>')
    .description('Take a key back; http_msg_servers know within seconds')
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

function list(): Promise<void> {
  return withDatabase(async (dataSource, { listApps }) => {
    for (const app of await listApps(dataSource)) {
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

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

function append(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function callsASecond(text: string): number {
  const rate = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1];
  const value = Number(rate);
  if (value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('must be calls a second, such as 50/s');
}
