import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { receiverOf } from '../receiver.js';

interface SendOptions extends ConnectionOptions {
  to: string;
}

/** `teamtalk send --as NAME --to NAME|ID TEXT` */
export function register(program: Command): void {
  const send = program
    .command('send <text>')
    .description('Send a message, and wait until the server has stored it');
  // As a mobile: a PC of the same user, such as `teamtalk listen`, stays logged in.
  addConnectionOptions(send, 'ios')
    .requiredOption('--to <name|id>', 'the receiver’s name, or id where it is digits only')
    .action(run);
}

async function run(text: string, options: SendOptions): Promise<void> {
  if (text === '') throw new Failure('an empty text is no message');
  const client = await logIn(options, { reconnect: false });
  try {
    const { id, name } = await receiverOf(client, options.to);
    // Servers drop it without a word.
    if (id === client.userId) throw new Failure('nobody can send a message to himself');
    const { msgId } = await client.send({ user: id }, text);
    print(`sent to ${name} (id ${id}), msg_id ${msgId}`);
  } finally {
    await client.close();
  }
}
