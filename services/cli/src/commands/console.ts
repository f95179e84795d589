import type { Command } from 'commander';
import { httpUrl, wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { note, print } from '../output.js';

interface InviteOptions {
  role?: string;
  department?: number;
  email?: string;
  url: string;
}

const rolesHelp = `
Roles:
  owner           everything, with accounts of the console
  administrator   everything but changing accounts of the console
  department_administrator
                  users and departments of --department and those below it
  help_desk       sees users and groups; resets passwords, ends connections, sees why phones ring
  auditor         sees users, groups, apps, accounts, retention and holds, and what administrators did
  viewer          sees users and groups
`;

/** `teamtalk console invite NAME`, `... reset-second-factor NAME` */
export function define(command: Command): void {
  command.addHelpText('after', rolesHelp + databaseHelp);

  command
    .command('invite <name>')
    .description('Print a link by which somebody chooses a password; it works once, for a day')
    .option('--role <role>', 'of an account that does not exist yet')
    .option('--department <id>', 'of a department administrator', wholeNumber(1, 0x7fff_ffff))
    .option('--email <address>', 'of an account that does not exist yet: who may sign on by the provider')
    .option('--url <url>', 'where the console is', httpUrl, 'http://127.0.0.1:8900')
    .addHelpText('after', rolesHelp)
    .action(invite);

  command
    .command('reset-second-factor <name>')
    .description(
      'Let an account log in without codes, whose phone and recovery codes are lost; its sessions end',
    )
    .action(resetSecondFactor);
}

function invite(name: string, { role, department, email, url }: InviteOptions): Promise<void> {
  return withDatabase(async (dataSource, { inviteToConsole }) => {
    const { token } = await inviteToConsole(dataSource, {
      name,
      ...(role !== undefined && { role }),
      ...(department !== undefined && { departmentId: department }),
      ...(email !== undefined && { email }),
    });
    print(new URL(`/setup#${token}`, url).href);
    note(`whoever opens it first chooses the password of ${name}; it works once, for a day`);
  });
}

function resetSecondFactor(name: string): Promise<void> {
  return withDatabase(async (dataSource, { ConsoleAccounts, databaseOf, operator }) => {
    const accounts = new ConsoleAccounts(databaseOf(dataSource));
    const account = (await accounts.all()).find((each) => each.name === name);
    if (!account) throw new Failure(`there is no account ${name}`);
    const outcome = await accounts.resetSecondFactor(account.id, operator());
    if (outcome !== 'done') throw new Failure(`${name} logs in without codes already`);
    print(`${name} logs in with the password alone`);
  });
}
