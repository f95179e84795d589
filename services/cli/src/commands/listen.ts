import type { Message, TeamTalkClient } from '@teamtalk/client';
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { note, plain, print } from '../output.js';

/** `teamtalk listen --as NAME` */
export function define(command: Command): void {
  addConnectionOptions(command, 'windows').action(run);
}

async function run(options: ConnectionOptions): Promise<void> {
  const client = await logIn(options, { reconnect: true });
  const stop = () => void client.close();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  client.on('disconnected', ({ error, reconnecting }) => {
    if (reconnecting) note(`${error.message}; reconnecting`);
  });
  client.on('reconnected', () => note('connected again'));
  note(`listening as ${options.as} (id ${client.userId}); Ctrl-C ends`);
  try {
    const names = new Names(client);
    for await (const message of client.messages()) print(await lineOf(message, client.userId, names));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await client.close();
  }
}

async function lineOf(message: Message, ownId: number, names: Names): Promise<string> {
  const { session, fromUserId } = message;
  const time = new Date(message.createTime * 1000).toTimeString().slice(0, 8);
  const from = fromUserId === ownId ? 'me' : await names.of(fromUserId);
  const to =
    'group' in session
      ? ` in group ${session.group}`
      : fromUserId === ownId
        ? ` to ${await names.of(session.user)}`
        : '';
  return plain(`${time} ${from}${to}: ${contentOf(message)}`);
}

function contentOf(message: Message): string {
  let text: string | undefined;
  try {
    text = message.text;
  } catch {
    return '(text of another key)';
  }
  if (text !== undefined) return text;
  const { buffer, byteOffset, length } = message.data;
  const seconds = length >= 4 ? new DataView(buffer, byteOffset).getUint32(0) : 0;
  return `(audio, ${seconds} s)`;
}

const mostNames = 10_000;

/** The names of users, each requested once. */
class Names {
  readonly #client: TeamTalkClient;
  readonly #names = new Map<number, string>();

  constructor(client: TeamTalkClient) {
    this.#client = client;
  }

  /** The name, or the id when the server does not answer in time. */
  async of(userId: number): Promise<string> {
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    const [user] = await this.#client.usersInfo([userId]).catch(() => []);
    if (!user) return `user ${userId}`;
    if (this.#names.size >= mostNames) this.#names.clear();
    this.#names.set(userId, user.userDomain);
    return user.userDomain;
  }
}
