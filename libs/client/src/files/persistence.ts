import { ClientError, type ClientErrorCode, DeadlineExceeded } from '../errors.js';
import { pause } from '../platform/pause.js';
import type { ServerAddress } from '../server-location.js';

/** Options of both sending and receiving. */
export interface TransferOptions {
  /** Called with the bytes transferred, counted from the beginning of the file. */
  onProgress?: (bytes: number) => void;
  /** Cancels the transfer for both sides. */
  signal?: AbortSignal;
  /** Time without progress after which the transfer fails with its last error; default 60,000 ms. */
  giveUpMs?: number;
}

const transient: readonly ClientErrorCode[] = ['unreachable', 'disconnected', 'deadline-exceeded'];
const pauseMs = 250;
/**
 * Refusals in a row after which a refusal is final. A single one may be wrong: the file_server checks where the user is
 * logged in, and this client may just be reconnecting to a msg_server.
 */
const maxRefusals = 4;

/**
 * Carries on with a transfer until it is done, whatever breaks: tries the file_servers in order, and starts over with
 * the first after one of them had accepted the login. Both sides do so with the same list, and therefore meet at the
 * first that works.
 * @param attempt the work on one connection; resolves to undefined when the other side was absent
 * @param reached bytes transferred so far; an increase is progress
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
        throw new ClientError('file-cancelled', 'the transfer was cancelled', { cause: error });
      failure = error;
      refusals = isRefusal(error) ? refusals + 1 : 0;
      if (refusals >= maxRefusals && wasIn) {
        throw new ClientError('file-cancelled', 'the other side ended the transfer', { cause: error });
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
    await pause(pauseMs);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ClientError && transient.includes(error.code);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'file-refused';
}
