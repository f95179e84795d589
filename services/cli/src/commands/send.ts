import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { receiverOf } from '../receiver.js';
import { readText } from '../standard-input.js';

interface SendOptions extends ConnectionOptions {
  to: string;
}

/** `teamtalk send --as NAME --to NAME|ID [TEXT]` */
export function define(command: Command): void {
  command.argument('[text]', 'the text; standard input where it is - or left out');
  // As a mobile: a PC of the same user, such as `teamtalk listen`, stays logged in.
  addConnectionOptions(command, 'ios')
    .requiredOption('--to <name|id>', 'the receiver’s name, or id where it is digits only')
    .action(run);
}

async function run(argument: string | undefined, options: SendOptions, command: Command): Promise<void> {
  if (argument === undefined && process.stdin.isTTY) command.error("error: missing required argument 'text'");
  const text = argument === undefined || argument === '-' ? await readText(process.stdin) : argument;
  if (text === '') throw new Failure('an empty text is no message');
  const client = await logIn(options, { reconnect: false });
  try {
    const { id, name } = await receiverOf(client, options.to);
    // Servers drop it without an answer.
    if (id === client.userId) throw new Failure('users cannot send messages to themselves');
    const { msgId } = await client.send({ user: id }, text);
    print(`sent to ${name} (id ${id}), msg_id ${msgId}`);
  } finally {
    await client.close();
  }
}
