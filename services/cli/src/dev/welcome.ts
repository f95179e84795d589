import { withoutSecrets } from '@teamtalk/service-kit';
import { type Addresses, isLoopback } from './addresses.js';
import type { MovedPort } from './port-plan.js';
import type { Pair } from './prepare-database.js';
import type { ProcessEntry } from './run-files.js';

export interface WelcomeOptions {
  addresses: Addresses;
  /** what the services are set by */
  env: NodeJS.ProcessEnv;
  processes: readonly ProcessEntry[];
  /** port of the canary's health checks and metrics; undefined: no canary */
  canaryPort?: number | undefined;
  moved: readonly MovedPort[];
  databaseUrl: string;
  natsUrl: string;
  logFolder: string;
  logins: readonly string[];
  password: string;
  seconds: number;
  /** for the lines to paste; undefined: none are shown */
  pair: Pair | undefined;
  /** with which the console's first owner chooses a password; undefined: already chosen */
  setupToken: string | undefined;
}

/** The one screen that is shown when everything is up. */
export function welcome(options: WelcomeOptions): string {
  const { processes, moved, databaseUrl, natsUrl, logFolder, logins, password, seconds, pair } = options;
  const { local } = options.addresses;
  const at = (service: string, port: string) =>
    processes.filter((entry) => entry.service === service).map(({ ports }) => `${local}:${ports[port]}`);
  const web = (service: string) => at(service, 'http').map((address) => `http://${address}`);
  const rows: [string, string][] = [
    ['web client', web('web_server').join('  ')],
    [
      'login server',
      web('login_server')
        .map((url) => `${url}/msg_server`)
        .join('  '),
    ],
    ['', `${at('login_server', 'tcp').join('  ')} (TCP)`],
    ['msg_server', at('msg_server', 'client').join('  ')],
    ['HTTP API', web('http_msg_server').join('  ')],
    ['files, images', [...at('file_server', 'client'), ...web('msfs')].join('  ')],
    ...consoleRows(at('admin_server', 'http')[0], options.setupToken),
    ['health, metrics', `127.0.0.1:${opsPorts(processes)} (/readyz, /metrics)`],
    ...(options.canaryPort
      ? [['canary', `http://127.0.0.1:${options.canaryPort}/metrics`] satisfies [string, string]]
      : []),
    ['PostgreSQL', databaseAddress(databaseUrl)],
    ['NATS', withoutSecrets(natsUrl)],
    ['logs', logFolder],
  ];
  return [
    '',
    `TeamTalk is up: ${processes.length} processes, ${seconds.toFixed(1)} s. Ctrl-C stops it.`,
    '',
    ...moved.map(
      ({ service, replica, name, wanted, given }) =>
        `  ${service}-${replica}: port ${wanted} (${name}) is in use, so it is ${given}`,
    ),
    ...(moved.length > 0 ? [''] : []),
    ...rows.map(([title, text]) => `  ${title.padEnd(16)} ${text}`),
    '',
    ...(logins.length > 0 ? [`  Log in as ${logins.join(', ')}; password ${password}`, ''] : []),
    ...warnings(options),
    ...(pair ? linesToPaste(pair, password, web('http_msg_server')[0] ?? '') : []),
    '',
  ].join('\n');
}

/** Rows for the console, with the link for its first owner. */
function consoleRows(address: string | undefined, setupToken: string | undefined): [string, string][] {
  if (address === undefined) return [];
  const port = address.slice(address.lastIndexOf(':'));
  // Loopback only: without TLS its sessions could be intercepted.
  const url = `http://127.0.0.1${port}`;
  if (setupToken === undefined) return [['console', url]];
  return [
    ['console', `${url}/setup#${setupToken}`],
    ['', 'choose the password of admin there; the link works once, for a day'],
  ];
}

/** What is open to other machines. */
function warnings({ addresses, env, password }: WelcomeOptions): string[] {
  const { listen, advertised } = addresses;
  if (isLoopback(listen)) return [];
  return [
    `  WARNING: --host ${listen} lets whoever reaches this machine (clients are told ${advertised})`,
    `    - log in, unencrypted, as every user whose password they know; ${password} is public`,
    ...(env.HTTP_AUTH === 'open'
      ? ['    - send messages in anybody’s name by the HTTP API, without a key (HTTP_AUTH=open)']
      : []),
    ...(env.MSFS_UPLOAD_AUTH === 'open'
      ? ['    - store images, whoever they are (MSFS_UPLOAD_AUTH=open)']
      : []),
    '    PostgreSQL, NATS, the store’s gRPC, health and metrics stay on 127.0.0.1.',
    '',
  ];
}

function opsPorts(processes: readonly ProcessEntry[]): string {
  return processes.map(({ ports }) => String(ports.ops)).join(', ');
}

function linesToPaste({ sender, receiver, receiverId }: Pair, password: string, api: string): string[] {
  const push = JSON.stringify({
    from_user_id: 1,
    session_id: receiverId,
    msg: 'Hello from HTTP',
    msg_type: 3,
  });
  return [
    `  npx teamtalk send --as ${sender} --password ${password} --to ${receiver} 'Hello'`,
    `  npx teamtalk listen --as ${receiver} --password ${password}`,
    `  curl -d '${push}' ${api}/query/SendP2PMessage`,
  ];
}

function databaseAddress(url: string): string {
  // Our password is no secret; that of a given database is.
  return URL.canParse(url) && new URL(url).password === 'teamtalk' ? url : withoutSecrets(url);
}
