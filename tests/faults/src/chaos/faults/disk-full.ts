import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { SinglePostgres } from '../testbed/servers/postgres.js';
import { type Fault, pause } from './fault.js';

const fullMs = 8_000;
const chunk = Buffer.alloc(64 * 1024);

/**
 * The file system with PostgreSQL's data is full for a while. If PostgreSQL exits because of it, it is started again
 * when there is room, as its supervisor would.
 */
export const diskFull: Fault = {
  name: 'disk-full',
  title: `disk of PostgreSQL full for ${fullMs / 1000} s`,
  rounds: 3,
  smallDisk: true,
  async inject({ servers }, { ended, note }) {
    const filler = path.join(servers.disk!, 'filler');
    await fill(filler);
    await pause(fullMs);
    await fill(filler);
    await rm(filler);
    const postgres = servers.backend('postgres') as SinglePostgres;
    const gaveUp = !postgres.isRunning;
    if (gaveUp) await postgres.start();
    note(gaveUp ? 'PostgreSQL exited and was started again' : 'PostgreSQL kept running');
    ended();
  },
};

/** Writes to the file until the disk is full. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'a');
  try {
    for (let size = chunk.length; size >= 512; ) {
      try {
        const { bytesWritten } = await handle.write(chunk, 0, size);
        if (bytesWritten < size) size >>= 1;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 1;
      }
    }
  } finally {
    await handle.close();
  }
}
