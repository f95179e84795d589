import { type Command, InvalidArgumentError, Option } from 'commander';
import { commaSeparated, hostAndPort, httpUrl, wholeNumber } from '../arguments.js';
import { demoPassword, demoUsers } from '../dev/demo-users.js';
import { Failure } from '../failure.js';
import { clearProgress, note, print, showProgress } from '../output.js';

interface ConformanceOptions {
  host: string;
  port?: number[];
  users: string[];
  password?: string;
  filter?: string;
  http?: string;
  appKey?: string;
  login?: { host: string; port: number };
  loginServer?: string;
  msfs?: string;
  lockUser?: string;
  textKey?: string;
  deadline: number;
  legacy?: boolean;
  restart: number;
  json?: boolean;
  markdown?: boolean;
}

const defaultPort = 8_000;
const demoNames = demoUsers.map(({ name }) => name);
/** Exit status when a case has killed a server. */
const killedStatus = 3;

/** `teamtalk conformance --host H --port P` */
export function define(command: Command): void {
  command
    .option('--host <host>', 'address of the msg_servers', '127.0.0.1')
    .option(
      '--port <port>',
      `port of a msg_server (default: ${defaultPort}); may be repeated, for several of one installation`,
      (text: string, before: number[] = []) => [...before, wholeNumber(1, 65_535)(text)],
    )
    .addOption(
      new Option(
        '--users <names>',
        'at least four users, separated by commas; each four more run one more case at a time',
      )
        .argParser(userNames)
        .default(demoNames, demoNames.join(',')),
    )
    .option(
      '--password <password>',
      'of all of them; default: TEAMTALK_PASSWORD, or 123456 as demo users have',
    )
    .option('--filter <text>', 'only cases with this in their name, command, kind or requirement')
    .option('--http <url>', 'the HTTP API, for normal groups and pushes: http://127.0.0.1:8400', httpUrl)
    .option('--app-key <key>', 'app_key for the HTTP API')
    .option('--login <host:port>', 'login_server by TCP: 127.0.0.1:8008', hostAndPort)
    .option('--login-server <url>', 'login_server by HTTP: http://127.0.0.1:8080', httpUrl)
    .option('--msfs <url>', 'the image server: http://127.0.0.1:8700', httpUrl)
    .option('--lock-user <name>', 'one more user, whose name is locked for half an hour by wrong passwords')
    .option('--text-key <key>', 'the key of message texts, 32 bytes; default: the historic one')
    .option(
      '--legacy',
      'an original server, before a migration: tells known differences from new ones, and what kills it',
    )
    .option(
      '--restart <seconds>',
      'with --legacy: seconds a killed server may take to be back',
      wholeNumber(0, 86_400),
      300,
    )
    .option('--deadline <ms>', 'milliseconds an answer may take', wholeNumber(100, 600_000), 5_000)
    .addOption(new Option('--json', 'print JSON instead of a table').conflicts('markdown'))
    .option('--markdown', 'print a table in Markdown')
    .action(conformance);
}

async function conformance({
  host,
  port = [defaultPort],
  login,
  loginServer,
  deadline,
  legacy,
  restart,
  json,
  markdown,
  ...options
}: ConformanceOptions): Promise<void> {
  const { jsonResults, legacyReport, markdownTable, runConformance, summary, textTable } = await import(
    '@teamtalk/conformance'
  );
  const { appKey, filter, http, lockUser, msfs, textKey, users } = options;
  let done = 0;
  const results = await runConformance({
    servers: port.map((each) => ({ host, port: each })),
    users,
    password: options.password ?? (process.env.TEAMTALK_PASSWORD || demoPassword),
    deadlineMs: deadline,
    filter,
    http: http && withoutSlash(http),
    loginHttp: loginServer && withoutSlash(loginServer),
    msfs: msfs && withoutSlash(msfs),
    appKey,
    loginTcp: login,
    lockUser,
    textKey,
    legacy,
    restartMs: restart * 1000,
    onKilled: ({ case: { name }, reason }) => {
      clearProgress();
      note(`${name}: ${reason}; waiting up to ${restart} s for it to be back`);
    },
    onResult: ({ case: { name } }) => showProgress(`${++done} ${name}`),
  }).finally(clearProgress);
  if (results.length === 0) throw new Failure(`no case fits --filter ${filter}`);
  const format = json ? jsonResults : markdown ? markdownTable : textTable;
  print(format(results));
  if (legacy && !json) print(`\n${legacyReport(results)}`);
  const found = new Set(results.map(({ status }) => status));
  if (found.has('killed'))
    throw new Failure(`the server was killed: ${summary(results)}`, { exitStatus: killedStatus });
  if (found.has('new')) throw new Failure(`not known of an original: ${summary(results)}`);
  if (found.has('failed')) throw new Failure(`the server does not conform: ${summary(results)}`);
}

function userNames(text: string): string[] {
  const names = commaSeparated(text);
  if (names.length >= 4 && names.every((name) => name !== '') && new Set(names).size === names.length)
    return names;
  throw new InvalidArgumentError('must be at least four different names, separated by commas');
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
