import type { Actor, ConsoleAccounts } from '@teamtalk/db_proxy_server';
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
  owner           everything, including console accounts
  administrator   everything except changing console accounts
  department_administrator
                  users and departments of --department and those below it
  help_desk       views users, groups and push decisions; resets passwords, ends connections
  auditor         views users, groups, push decisions, apps, accounts, retention, holds and the audit log
  viewer          views users and groups
`;

/** `teamtalk console invite NAME`, `... unlock NAME`, `... reset-second-factor NAME` */
export function define(command: Command): void {
  command.addHelpText('after', rolesHelp + databaseHelp);

  command
    .command('invite <name>')
    .description('Print a link for choosing a password; it works once, for a day')
    .option('--role <role>', 'role of a new account')
    .option('--department <id>', 'department of a department_administrator', wholeNumber(1, 0x7fff_ffff))
    .option('--email <address>', 'email address of a new account, by which single sign-on identifies it')
    .option('--url <url>', 'address of the console', httpUrl, 'http://127.0.0.1:8900')
    .addHelpText('after', rolesHelp)
    .action(invite);

  command
    .command('unlock <name>')
    .description('Forget failed logins of an account, by which it is refused for a while')
    .action(unlock);

  command
    .command('reset-second-factor <name>')
    .description(
      'Remove the second factor of an account that has lost its phone and recovery codes; ends its sessions',
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
    note(`whoever opens this link first chooses the password of ${name}; it works once, for a day`);
  });
}

function unlock(name: string): Promise<void> {
  return withAccount(name, async (accounts, accountId, actor) => {
    await accounts.unlock(accountId, actor);
    print(`${name} is unlocked`);
  });
}

function resetSecondFactor(name: string): Promise<void> {
  return withAccount(name, async (accounts, accountId, actor) => {
    const outcome = await accounts.resetSecondFactor(accountId, actor);
    if (outcome !== 'done') throw new Failure(`${name} has no second factor`);
    print(`${name} now logs in with only a password`);
  });
}

/** @throws Failure when there is no account of this name */
function withAccount(
  name: string,
  work: (accounts: ConsoleAccounts, accountId: number, actor: Actor) => Promise<void>,
): Promise<void> {
  return withDatabase(async (dataSource, { ConsoleAccounts, databaseOf, operator }) => {
    const accounts = new ConsoleAccounts(databaseOf(dataSource));
    const account = (await accounts.all()).find((each) => each.name === name);
    if (!account) throw new Failure(`there is no account ${name}`);
    await work(accounts, account.id, operator());
  });
}
