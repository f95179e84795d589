import path from 'node:path';

/** The pools of a legacy installation's Redis that hold something to import; `sync` holds nothing. */
export type RedisPool = 'unread' | 'group_set' | 'token' | 'group_member';

/** What a company's own configuration files say of its store. */
export interface LegacyConfig {
  mysql: string | undefined;
  redis: Partial<Record<RedisPool, string>>;
  images: string | undefined;
  textKey: string | undefined;
  /** `host:port` of every MySQL and Redis in the files, masters and replicas */
  servers: string[];
}

/** Reads the contents of dbproxyserver.conf and msfs.conf: `name=value` lines, and comments after `#`. */
export function readLegacyConfig(files: {
  /** where the files are: a relative `BaseDir` is looked for from there */
  folder: string;
  dbProxyServer: string;
  msfs: string | undefined;
}): LegacyConfig {
  const settings = parse(files.dbProxyServer);
  const baseDir = files.msfs === undefined ? undefined : parse(files.msfs).get('BaseDir');
  return {
    mysql: mysqlUrl(settings),
    redis: Object.fromEntries(
      list(settings.get('CacheInstances')).map((pool) => [pool, redisUrl(settings, pool)]),
    ),
    images: baseDir === undefined ? undefined : path.resolve(files.folder, baseDir),
    textKey: settings.get('aesKey'),
    servers: [
      ...list(settings.get('DBInstances')).map((name) => server(settings, name, '3306')),
      ...list(settings.get('CacheInstances')).map((name) => server(settings, name, '6379')),
    ],
  };
}

/** The replica where there is one: it is what the legacy servers read, and the master is spared. */
function mysqlUrl(settings: Map<string, string>): string | undefined {
  const instances = list(settings.get('DBInstances'));
  const name = instances.find((each) => each.includes('slave')) ?? instances[0];
  const host = settings.get(`${name}_host`);
  if (name === undefined || host === undefined) return undefined;
  const url = new URL(`mysql://${host}:${settings.get(`${name}_port`) ?? 3306}`);
  url.pathname = `/${settings.get(`${name}_dbname`) ?? 'teamtalk'}`;
  url.username = encodeURIComponent(settings.get(`${name}_username`) ?? '');
  url.password = encodeURIComponent(settings.get(`${name}_password`) ?? '');
  return url.href;
}

function server(settings: Map<string, string>, name: string, port: string): string {
  return `${settings.get(`${name}_host`) ?? '127.0.0.1'}:${settings.get(`${name}_port`) ?? port}`;
}

function redisUrl(settings: Map<string, string>, pool: string): string {
  const setting = (name: string, preset: string) => settings.get(`${pool}_${name}`) ?? preset;
  return `redis://${setting('host', '127.0.0.1')}:${setting('port', '6379')}/${setting('db', '0')}`;
}

function parse(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) settings.set(match[1]!, match[2]!);
  }
  return settings;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => part.trim() || []);
}
