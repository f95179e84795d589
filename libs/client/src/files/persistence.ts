import { setTimeout as delay } from 'node:timers/promises';
import { ClientError, type ClientErrorCode, DeadlineExceeded } from '../errors.js';
import type { ServerAddress } from '../server-location.js';

/** What both ways of a file have in common. */
export interface TransferOptions {
  /** Called with the bytes that are over, from the beginning of the file, as they become more. */
  onProgress?: (bytes: number) => void;
  /** Ends the transfer for both sides. */
  signal?: AbortSignal;
  /** A transfer that got no further for so long is given up, with its last error; default 60,000 ms. */
  giveUpMs?: number;
}

const transient: readonly ClientErrorCode[] = ['unreachable', 'disconnected', 'deadline-exceeded'];
const pauseMs = 250;
/**
 * Refusals in a row that are believed: one alone may come from a file_server that asks where we are logged in
 * while we are just coming back to a msg_server.
 */
const maxRefusals = 4;

/**
 * Carries on with a transfer until it is done, whatever breaks: tries the file_servers in their order, and
 * begins with the first again when one of them had us for a while. Both sides do so with the same list, and
 * therefore meet at the first that works.
 * @param attempt one connection's part of the work; resolves to undefined when the other side was not there
 * @param reached how far the transfer has come; more is progress
 */
export async function persist<T>(
  servers: readonly ServerAddress[],
  { giveUpMs = 60_000, signal }: TransferOptions,
  reached: () => number,
  attempt: (server: ServerAddress, first: boolean) => Promise<T | undefined>,
): Promise<T> {
  if (servers.length === 0) throw new ClientError('unreachable', 'there is no file_server');
  let progressAt = performance.now();
  let before = reached();
  let refusals = 0;
  let index = 0;
  let wasIn = false;
  for (let tries = 0; ; tries++) {
    let failure: unknown;
    try {
      const result = await attempt(servers[index]!, tries === 0);
      if (result !== undefined) return result;
      index = 0;
    } catch (error) {
      if (signal?.aborted)
        throw new ClientError('file-cancelled', 'the transfer was given up', { cause: error });
      failure = error;
      refusals = isRefusal(error) ? refusals + 1 : 0;
      if (refusals >= maxRefusals && wasIn) {
        throw new ClientError('file-cancelled', 'the other side has ended the transfer', { cause: error });
      }
      if (!isTransient(error) && (!isRefusal(error) || refusals >= maxRefusals)) throw error;
      const hadUs = error instanceof ClientError && error.code === 'disconnected';
      wasIn ||= hadUs;
      index = hadUs ? 0 : (index + 1) % servers.length;
    }
    if (reached() > before) {
      before = reached();
      progressAt = performance.now();
    }
    if (performance.now() - progressAt > giveUpMs) {
      throw failure ?? new DeadlineExceeded('the other side of the transfer', giveUpMs);
    }
    await delay(pauseMs);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ClientError && transient.includes(error.code);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'file-refused';
}
