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
export function define(command: Command): void {
  command.argument('<file>');
  // As a mobile: a PC of the same user stays logged in.
  addConnectionOptions(command, 'ios')
    .requiredOption('--to <name|id>', 'the receiver’s name, or id where it is digits only')
    .option('--offline', 'have the file kept for the receiver even if they are online', false)
    .option('--resume <task>', 'resume an interrupted transfer, which printed its task when it began')
    .action(run);
}

async function run(path: string, options: SendFileOptions): Promise<void> {
  const { openFile, sendFile } = await import('@teamtalk/client');
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
        onTask: ({ taskId }) => note(`if interrupted, continue with --resume ${taskId}`),
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
