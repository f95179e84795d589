import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../failure.js';
import { type RedisPool, readLegacyConfig } from './legacy-config.js';

/** Where a legacy installation keeps its data. Nothing there is ever written to. */
export interface LegacyPlaces {
  /** mysql://user:password@host:port/database */
  mysql: string;
  /** redis://:password@host:port/number of each pool; all may be the same */
  redis: Record<RedisPool, string>;
  /** `BaseDir` of msfs, which has the folders 000 to 255; undefined: not imported */
  images: string | undefined;
  /** the folder `offline_file` of file_server; undefined: not imported */
  offlineFiles: string | undefined;
  /** 32 bytes: the `aesKey` of the legacy servers; undefined where neither an option nor a file says it */
  textKey: string | undefined;
  /** the tenant (`pid`) to import from a fork's database with several; undefined: all */
  project?: number | undefined;
}

/** What the command line says of the legacy installation; it wins over the configuration files. */
export interface PlaceOptions {
  /** folder with dbproxyserver.conf, and msfs.conf where there is one */
  config?: string;
  mysql?: string;
  redis?: string;
  dbNumbers?: Partial<Record<RedisPool, number>>;
  images?: string;
  offlineFiles?: string;
  textKey?: string;
  project?: number;
}

/** @throws Failure that says what is missing or not there */
export function legacyPlaces(options: PlaceOptions): LegacyPlaces {
  const config = options.config === undefined ? undefined : readConfigFolder(options.config);
  const mysql = options.mysql ?? config?.mysql;
  if (!mysql) {
    throw new Failure(
      'which MySQL? Name it with --mysql, or the folder of dbproxyserver.conf with --config.',
    );
  }
  const textKey = options.textKey ?? config?.textKey;
  if (textKey !== undefined && Buffer.byteLength(textKey) !== 32) {
    throw new Failure(`the text key must be 32 bytes, not ${Buffer.byteLength(textKey)}`);
  }
  return {
    mysql,
    redis: redisPlaces(options, config?.redis),
    images: existingFolder(options.images ?? config?.images, 'the folder of images'),
    offlineFiles: existingFolder(options.offlineFiles, 'the folder of offline files'),
    textKey,
    project: options.project,
  };
}

/**
 * Locates a copy of a legacy installation that may be written to. Only the database numbers and the key are taken from
 * configuration files, because their hosts are the real servers.
 *
 * @throws Failure when something is missing, or these are the real servers
 */
export function placesOfCopy(options: PlaceOptions): LegacyPlaces {
  if (options.mysql === undefined || options.redis === undefined) {
    throw new Failure(
      'give the location of the copy with --mysql and --redis; --config only describes the real store.',
    );
  }
  const places = legacyPlaces(options);
  const real = options.config === undefined ? [] : readConfigFolder(options.config).servers;
  const named = [serverOf(options.mysql, '3306'), serverOf(options.redis, '6379')].find((each) =>
    real.includes(each),
  );
  if (named !== undefined) {
    throw new Failure(
      `${named} is the real store according to dbproxyserver.conf: a rehearsal needs a copy, on separate servers.`,
    );
  }
  return places;
}

function serverOf(url: string, port: string): string {
  const { hostname, port: given } = new URL(url);
  return `${hostname}:${given || port}`;
}

function redisPlaces(
  { redis, dbNumbers = {} }: PlaceOptions,
  configured: Partial<Record<RedisPool, string>> | undefined,
): Record<RedisPool, string> {
  const place = (pool: RedisPool): string => {
    const base = redis ?? configured?.[pool];
    if (!base) {
      throw new Failure(
        `which Redis has the pool ${pool}? Name it with --redis, or the folder of dbproxyserver.conf with --config.`,
      );
    }
    const number = dbNumbers[pool] ?? databaseNumber(configured?.[pool]) ?? databaseNumber(base);
    if (number === undefined) {
      throw new Failure(
        `which Redis database has the pool ${pool}? The templates of TeamTalk differ: see ${pool}_db in dbproxyserver.conf, and say --db-numbers ${pool}=N.`,
      );
    }
    const url = new URL(base);
    url.pathname = `/${number}`;
    return url.href;
  };
  return {
    unread: place('unread'),
    group_set: place('group_set'),
    token: place('token'),
    group_member: place('group_member'),
  };
}

function databaseNumber(url: string | undefined): number | undefined {
  const digits = url === undefined ? undefined : /^\/(\d+)$/.exec(new URL(url).pathname)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function readConfigFolder(folder: string) {
  const read = (name: string) => {
    const file = path.join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  const dbProxyServer = read('dbproxyserver.conf');
  if (dbProxyServer === undefined) throw new Failure(`there is no dbproxyserver.conf in ${folder}`);
  return readLegacyConfig({ folder, dbProxyServer, msfs: read('msfs.conf') });
}

function existingFolder(folder: string | undefined, what: string): string | undefined {
  if (folder === undefined) return undefined;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`${what} is not there: ${folder}`);
  }
  return path.resolve(folder);
}
