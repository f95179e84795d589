import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { Failure } from '../failure.js';
import { note } from '../output.js';

interface ReceiveOptions extends ConnectionOptions {
  folder: string;
  once: boolean;
}

/** `teamtalk receive-files --as NAME` */
export function define(command: Command): void {
  // As a PC: only those are offered files.
  addConnectionOptions(command, 'windows')
    .option('--folder <path>', 'where to put the files', '.')
    .option('--once', 'end when no file is waiting any more', false)
    .action(run);
}

async function run(options: ReceiveOptions): Promise<void> {
  const { FileInbox } = await import('../file-inbox.js');
  await mkdir(options.folder, { recursive: true });
  const client = await logIn(options, { reconnect: true });
  const giveUp = new AbortController();
  const stop = () => giveUp.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const inbox = new FileInbox(client, options.folder, giveUp.signal);
    if (!options.once) note(`waiting for files for ${options.as} (id ${client.userId}); Ctrl-C ends`);
    await inbox.run(options.once);
    if (inbox.failed > 0 && options.once) throw new Failure(`${inbox.failed} files were not received`);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await client.close();
  }
}
