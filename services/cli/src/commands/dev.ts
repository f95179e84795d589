import { type Command, InvalidArgumentError } from 'commander';
import { parseHost } from '../dev/addresses.js';
import { parseReplicas, type Replicas, wholeNumber } from '../dev/options.js';
import { Failure } from '../failure.js';

/** `teamtalk dev`: what `npm start` runs. */
export function define(command: Command): void {
  command
    .option(
      '--replicas <list>',
      'instances of a service, such as msg_server=2,db_proxy_server=2',
      asArgument(parseReplicas),
      parseReplicas(''),
    )
    .option(
      '--seed <users>',
      'add users u1 to uN, password 123456',
      asArgument((text) => wholeNumber(text, 0, 1_000_000, 'the number of users')),
      0,
    )
    .option(
      '--host <address>',
      'the address clients and the HTTP API are served on; 0.0.0.0: all of this machine',
      asArgument(parseHost),
      '127.0.0.1',
    )
    .option('--canary', 'continuously send messages between all msg_servers, and count those delivered')
    .action(run);
}

interface Given {
  replicas: Replicas;
  seed: number;
  host: string;
  canary?: boolean;
}

async function run({ canary = false, ...given }: Given): Promise<void> {
  const { runDev } = await import('../dev/dev.js');
  const stop = new AbortController();
  const abort = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, abort);
  // The reader of our output may close it first: other commands end then, this one keeps running.
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', () => {});
  const say = (text: string) => process.stdout.write(`${text}\n`);
  try {
    await runDev({ ...given, canary, signal: stop.signal, say });
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    for (const signal of signals) process.off(signal, abort);
  }
}

function asArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}
