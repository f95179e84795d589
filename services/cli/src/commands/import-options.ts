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

/** Adds the option that limits the load an import causes. */
export function paced(command: Command): Command {
  return command.option(
    '--max-load <percent>',
    'work for at most this share of the time, and pause for the rest',
    wholeNumber(1, 100),
    100,
  );
}

/** Adds the options for what may have happened to the old servers since the copy. */
export function following(command: Command): Command {
  return command.option(
    '--redis-lost',
    'continue although Redis has lost its keys, and with them the read positions of users',
  );
}

/** Adds the time limits of a cutover. */
export function timed(command: Command): Command {
  return command
    .option('--within <minutes>', 'time within which the cutover has to finish', wholeNumber(1, 1_440), 60)
    .option(
      '--quiet <seconds>',
      'time without writes after which the old servers count as stopped',
      wholeNumber(1, 3_600),
      10,
    );
}

/** Adds the options for the report. */
export function reported(command: Command): Command {
  return command
    .option('--report <folder>', 'folder for the report, as an HTML page and as JSON', '.')
    .option('--json', 'print the totals as JSON in the last line');
}

/** Adds the options that locate the legacy installation. */
export function source(command: Command): Command {
  return command
    .option(
      '--config <folder>',
      'folder with the old dbproxyserver.conf and msfs.conf, which supply the options not given',
    )
    .option('--mysql <url>', 'the old database: mysql://user:password@host:3306/teamtalk')
    .option('--redis <url>', 'the old Redis: redis://:password@host:6379')
    .option(
      '--db-numbers <list>',
      'Redis database of each pool, such as unread=1,group_set=2,sync=3,token=4,group_member=5',
      dbNumbers,
    )
    .option('--images <folder>', 'BaseDir of the old msfs, with the folders 000 to 255')
    .option('--offline-files <folder>', 'the folder offline_file of the old file_server')
    .option('--text-key <key>', 'aesKey of the old servers, 32 characters')
    .option(
      '--project <pid>',
      'import only this tenant, from a fork’s database with several',
      wholeNumber(0, 4_294_967_295),
    );
}

function dbNumbers(text: string): Partial<Record<RedisPool, number>> {
  const pools: readonly string[] = ['unread', 'group_set', 'sync', 'token', 'group_member'];
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, pool = '', number] = /^\s*(\w+)=(\d{1,4})\s*$/.exec(part) ?? [];
      if (!pools.includes(pool)) {
        throw new InvalidArgumentError(
          `must be a list such as unread=1,token=4; the pools are ${pools.join(', ')}`,
        );
      }
      return [pool, Number(number)];
    }),
  );
}
