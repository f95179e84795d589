import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { clearProgress, print, showProgress } from '../output.js';

interface SeedOptions {
  users: number;
  prefix: string;
  password: string;
  departments: number;
  department?: string;
}

/** `teamtalk seed --users N` */
export function define(command: Command): void {
  command
    .addHelpText('after', databaseHelp)
    .requiredOption('--users <n>', 'add users 1 to n', wholeNumber(1, 10_000_000))
    .option('--prefix <text>', 'the prefix of their names', 'u')
    .option('--password <password>', 'the password of all of them', '123456')
    .option('--departments <n>', 'spread them over this many departments', wholeNumber(0, 10_000), 0)
    .option('--department <name>', 'put all users into this department')
    .action(seed);
}

async function seed({ users, prefix, password, departments, department }: SeedOptions): Promise<void> {
  const start = performance.now();
  const { added, existing } = await withDatabase((dataSource, { seedUsers }) =>
    seedUsers(dataSource, {
      count: users,
      prefix,
      password,
      departments,
      ...(department !== undefined && { department }),
      onProgress: (done, total) => showProgress(`${done} of ${total} users`),
    }).finally(clearProgress),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(`${prefix}1 to ${prefix}${users}: added ${added} users, ${existing} were there; ${seconds} s`);
}
