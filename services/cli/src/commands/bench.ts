import type { LoadOptions, LoadResult } from '@teamtalk/load-generator';
import { type Command, InvalidArgumentError } from 'commander';
import { choice, decimalNumber, hostAndPort, wholeNumber } from '../arguments.js';
import { type ClientKind, clientKinds, clientTypeOf } from '../connection.js';
import { note, print } from '../output.js';

interface Common extends Omit<LoadOptions, 'servers' | 'say' | 'clientType'> {
  server: LoadOptions['servers'];
  clientType: ClientKind;
  json?: boolean;
}

const count = wholeNumber(1, 10_000_000);
const rate = decimalNumber(0, 10_000_000);
const seconds = decimalNumber(0, 86_400);

/** `teamtalk bench MODE`: the load generator. What it needs is loaded when it runs. */
export function define(bench: Command): void {
  const p2p = mode(bench, 'p2p', 'Pairs of users who write to each other');
  messageOptions(p2p)
    .option('--one-way', 'only the first of each pair sends', false)
    .action(run(({ runP2p }) => runP2p));

  const group = mode(bench, 'group', 'Groups of online members, some of whom write');
  messageOptions(group)
    .option('--group-size <n>', 'members of a group', wholeNumber(2, 100_000), 200)
    .option('--senders <n>', 'members of each group who send', count, 10)
    .action(run(({ runGroup }) => runGroup));

  mode(bench, 'echo', 'Heartbeats, which the server echoes')
    .option('--rate <n>', 'per second; 0: each as soon as the last came back', rate, 0)
    .option('--no-log-in', 'do not log in')
    .action(run(({ runEcho }) => runEcho));

  mode(bench, 'idle', 'Connections that only send heartbeats')
    .option('--heartbeat <s>', 'seconds between two heartbeats of a connection', decimalNumber(0.1, 600), 30)
    .action(run(({ runIdle }) => runIdle));

  mode(bench, 'login', 'Logins, each over a connection of its own')
    .option('--rate <n>', 'per second; 0: --concurrency at a time', rate, 0)
    .option('--total <n>', 'how many', count, 1_000)
    .option('--keep', 'leave them connected until the end', false)
    .action(run(({ runLogin }) => runLogin));

  mode(bench, 'storm', 'All connections break at once, and all clients come back')
    .option('--patience <s>', 'seconds after which a client that is not back has failed', seconds, 60)
    .action(run(({ runStorm }) => runStorm));

  mode(bench, 'read', 'Reads: pages of history, unread counts, all users, recent sessions')
    .option('--rate <n>', 'requests per second', rate, 100)
    .addOption(
      choice(
        '--what <kind>',
        'history, unread, users or sessions',
        ['history', 'unread', 'users', 'sessions'],
        'history',
      ),
    )
    .option('--peer <id>', 'history: of the conversation with this user', count)
    .option('--newest <msg_id>', 'history: pages begin at random below this; 0: the newest page', rate, 0)
    .option('--page <n>', 'history: messages of a page', wholeNumber(1, 1000), 50)
    .action(run(({ runRead }) => runRead));

  mode(bench, 'relay', 'Online file transfers through a file_server (--server), --users of them')
    .option('--window <n>', 'blocks a receiver asks for at once', wholeNumber(1, 8), 1)
    .option('--bare', 'the server is a relay that does not know the protocol', false)
    .action(run(({ runRelay }) => runRelay));

  mode(bench, 'directory', 'GET /msg_server of a login_server (--server), over --users connections')
    .option('--rate <n>', 'requests per second; 0: each as soon as the last is answered', rate, 0)
    .option('--no-keep-alive', 'one connection per request')
    .action(run(({ runDirectory }) => runDirectory));

  pushOptions(mode(bench, 'push', '/query/SendP2PMessage to users who are logged in'))
    .option('--rate <n>', 'requests per second', rate, 100)
    .option('--connections <n>', 'HTTP connections', count, 64)
    .action(run(({ runPush }) => runPush));

  pushOptions(mode(bench, 'broadcast', 'One /query/SendBroadCastMessage to users who are logged in')).action(
    run(({ runBroadcast }) => runBroadcast),
  );
}

/** A mode with the options that all have. */
function mode(bench: Command, name: string, description: string): Command {
  return bench
    .command(name)
    .description(description)
    .option('--server <host:port>', 'a msg_server; may be repeated (default: 127.0.0.1:8000)', servers, [])
    .option('--users <n>', 'how many users', count, 100)
    .option('--first <n>', 'the number of the first one', count, 1)
    .option('--prefix <text>', 'the prefix of their names', 'u')
    .option('--password <password>', 'the password of all of them', '123456')
    .addOption(
      choice(
        '--client-type <kind>',
        'windows, mac, ios or android; each login of a PC is announced to all PCs',
        clientKinds,
        'ios',
      ),
    )
    .option('--concurrency <n>', 'logins at a time', count, 64)
    .option('--seconds <s>', 'seconds to measure', seconds, 10)
    .option('--warmup <s>', 'seconds to leave out before that', seconds, 2)
    .option('--drain <s>', 'seconds to wait for what is in flight', seconds, 10)
    .option('--tls', 'connect with TLS; any certificate is accepted', false)
    .option('--watch <name=pid>', 'a process whose CPU and memory to report; may be repeated', watched, [])
    .option('--json', 'print the result as one line of JSON');
}

function pushOptions(command: Command): Command {
  return command
    .requiredOption('--http <host:port>', 'the http_msg_server', hostAndPort)
    .option('--size <bytes>', 'of a text', wholeNumber(32, 100_000), 128);
}

function messageOptions(command: Command): Command {
  return command
    .option('--rate <n>', 'messages per second, of all senders together', decimalNumber(0.1, 10_000_000), 100)
    .option('--size <bytes>', 'of a text', wholeNumber(14, 393_216), 128)
    .addOption(
      choice(
        '--receipts <kind>',
        'what receivers answer: received, read, both or none',
        ['received', 'read', 'both', 'none'],
        'received',
      ),
    )
    .option('--verify', 'read everything back from history', false);
}

function run<O extends LoadOptions>(
  choose: (generator: typeof import('@teamtalk/load-generator')) => (options: O) => Promise<LoadResult>,
): (options: Common) => Promise<void> {
  return async ({ server, clientType, json, ...rest }) => {
    const servers = server.length > 0 ? server : [{ host: '127.0.0.1', port: 8000 }];
    const generator = await import('@teamtalk/load-generator');
    // The rest is the mode's own options, which commander has read as their types say.
    const options = { ...rest, servers, clientType: await clientTypeOf(clientType), say: note };
    const result = await choose(generator)(options as unknown as O);
    print(json ? JSON.stringify(result) : generator.describeResult(result));
  };
}

function servers(text: string, before: LoadOptions['servers']): LoadOptions['servers'] {
  return [...before, hostAndPort(text)];
}

function watched(text: string, before: LoadOptions['watch']): LoadOptions['watch'] {
  const { name, pid } = /^(?<name>[\w-]+)=(?<pid>\d+)$/.exec(text)?.groups ?? {};
  if (!name || !pid) throw new InvalidArgumentError('must be name=pid');
  return [...before, { name, pid: Number(pid) }];
}
