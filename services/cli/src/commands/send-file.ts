import { openFile, sendFile } from '@teamtalk/client';
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { FileProgress } from '../file-progress.js';
import { note, print } from '../output.js';
import { receiverOf } from '../receiver.js';

interface SendFileOptions extends ConnectionOptions {
  to: string;
  offline: boolean;
  resume?: string;
}

/** `teamtalk send-file --as NAME --to NAME|ID FILE` */
export function register(program: Command): void {
  const send = program
    .command('send-file <file>')
    .description('Send a file to a user: at once where his PC is online, otherwise it is kept for him');
  // As a mobile: a PC of the same user stays logged in.
  addConnectionOptions(send, 'ios')
    .requiredOption('--to <name|id>', 'the receiver’s name, or id where it is digits only')
    .option('--offline', 'have the file kept for the receiver even if he is online', false)
    .option('--resume <task>', 'go on with what was broken off; it said its task when it began')
    .action(run);
}

async function run(path: string, options: SendFileOptions): Promise<void> {
  const file = await openFile(path);
  const giveUp = new AbortController();
  const stop = () => giveUp.abort();
  process.once('SIGINT', stop);
  try {
    const client = await logIn(options, { reconnect: true });
    try {
      const { id, name } = await receiverOf(client, options.to);
      const begun = options.resume === undefined ? 0 : undefined;
      const progress = new FileProgress(file.name, file.size, begun);
      const { online } = await sendFile(client, id, file, {
        offline: options.offline,
        onProgress: progress.update,
        onTask: ({ taskId }) => note(`should it break off, go on with --resume ${taskId}`),
        signal: giveUp.signal,
        ...(options.resume !== undefined && { resume: options.resume }),
      }).finally(() => progress.finish());
      const where = online ? `sent to ${name} (id ${id})` : `kept for ${name} (id ${id})`;
      print(`${where}: ${progress.finish()}`);
    } finally {
      await client.close();
    }
  } finally {
    process.off('SIGINT', stop);
    await file.close();
  }
}
