import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../arguments.js';
import type { RedisPool } from '../import/legacy-config.js';

interface SourceOptions {
  config?: string;
  mysql?: string;
  redis?: string;
  dbNumbers?: Partial<Record<RedisPool, number>>;
  images?: string;
  offlineFiles?: string;
  textKey?: string;
  project?: number;
}

export interface CopyOptions extends SourceOptions {
  maxLoad: number;
}

export interface FollowOptions extends CopyOptions {
  stateEvery: number;
  redisLost?: boolean;
  compareAt?: number;
  metrics?: { host: string; port: number };
  once?: boolean;
}

export interface ReportOptions {
  report: string;
  json?: boolean;
}

export interface CutoverOptions extends CopyOptions, ReportOptions {
  redisLost?: boolean;
  within: number;
  quiet: number;
}

export interface RehearseOptions extends CutoverOptions {
  writeMysql: string;
  follow: number;
  rate: number;
  messages: number;
}

export interface RollbackOptions extends SourceOptions {
  writeMysql: string;
  every: number;
  once?: boolean;
  json?: boolean;
}

/** Adds how much of a burden an import may be. */
export function paced(command: Command): Command {
  return command.option(
    '--max-load <percent>',
    'be at work for at most this share of the time, whatever is read or written',
    wholeNumber(1, 100),
    100,
  );
}

/** Adds what may have happened to the old servers since the copy. */
export function following(command: Command): Command {
  return command.option(
    '--redis-lost',
    'go on though Redis has lost its keys, and with them what users have read',
  );
}

/** Adds the times of an evening. */
export function timed(command: Command): Command {
  return command
    .option('--within <minutes>', 'for how long the evening may take', wholeNumber(1, 1_440), 60)
    .option(
      '--quiet <seconds>',
      'the old servers count as stopped when nothing was written for so long',
      wholeNumber(1, 3_600),
      10,
    );
}

/** Adds where the record is written. */
export function reported(command: Command): Command {
  return command
    .option('--report <folder>', 'where the record is written, as a page and as JSON', '.')
    .option('--json', 'print the totals as the last line, as JSON');
}

/** Adds where the legacy installation is. */
export function source(command: Command): Command {
  return command
    .option('--config <folder>', 'the folder of the old dbproxyserver.conf and msfs.conf, which say the rest')
    .option('--mysql <url>', 'the old database: mysql://user:password@host:3306/teamtalk')
    .option('--redis <url>', 'the old Redis: redis://:password@host:6379')
    .option(
      '--db-numbers <list>',
      'Redis databases of the pools: unread=1,group_set=2,sync=3,token=4,group_member=5',
      dbNumbers,
    )
    .option('--images <folder>', 'BaseDir of the old msfs, with the folders 000 to 255')
    .option('--offline-files <folder>', 'the folder offline_file of the old file_server')
    .option('--text-key <key>', 'aesKey of the old servers, 32 characters')
    .option(
      '--project <pid>',
      'of several tenants in one database, of a fork, this one alone',
      wholeNumber(0, 4_294_967_295),
    );
}

function dbNumbers(text: string): Partial<Record<RedisPool, number>> {
  const pools: readonly string[] = ['unread', 'group_set', 'sync', 'token', 'group_member'];
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, pool = '', number] = /^\s*(\w+)=(\d{1,4})\s*$/.exec(part) ?? [];
      if (!pools.includes(pool)) {
        throw new InvalidArgumentError(`must be such as unread=1,token=4, of ${pools.join(', ')}`);
      }
      return [pool, Number(number)];
    }),
  );
}
