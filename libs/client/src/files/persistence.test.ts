import { expect, it } from 'vitest';
import { ClientError, type ClientErrorCode } from '../errors.js';
import { persist } from './persistence.js';

const servers = [1, 2, 3].map((port) => ({ host: 'h', port }));
const failure = (code: ClientErrorCode) => new ClientError(code, code);

/** Plays the outcome of each attempt. @returns the ports that were tried, and the result */
async function play(
  outcomes: (ClientErrorCode | 'absent' | 'done')[],
  options: { giveUpMs?: number; signal?: AbortSignal; progress?: boolean } = {},
) {
  const tried: number[] = [];
  let reached = 0;
  const ended = await persist(
    servers,
    options,
    () => reached,
    async ({ port }) => {
      const outcome = outcomes[tried.length] ?? 'done';
      tried.push(port);
      if (options.progress) reached++;
      if (outcome === 'done') return 'done';
      if (outcome === 'absent') return undefined;
      throw failure(outcome);
    },
  ).catch((error: ClientError) => error.code);
  return { tried, ended };
}

it('tries the servers in order', async () => {
  expect(await play(['unreachable', 'unreachable', 'done'])).toEqual({ tried: [1, 2, 3], ended: 'done' });
});

it('restarts with the first after one accepted us, or the other side was absent', async () => {
  const outcomes = ['unreachable', 'disconnected', 'unreachable', 'absent', 'done'] as const;
  expect(await play([...outcomes])).toEqual({ tried: [1, 2, 1, 2, 1], ended: 'done' });
});

it('accepts a refusal only when it is repeated', async () => {
  expect(await play(['file-refused', 'file-refused', 'file-refused', 'done'])).toEqual({
    tried: [1, 2, 3, 1],
    ended: 'done',
  });
  const refused = Array.from({ length: 9 }, () => 'file-refused' as const);
  expect(await play(refused)).toEqual({ tried: [1, 2, 3, 1], ended: 'file-refused' });
});

it('a refusal after an accepted login means that the other side ended the transfer', async () => {
  const refused = Array.from({ length: 9 }, () => 'file-refused' as const);
  expect((await play(['disconnected', ...refused])).ended).toBe('file-cancelled');
});

it.each(['file-rejected', 'file-unreadable', 'protocol'] as const)('%s is not retried', async (code) => {
  expect(await play([code])).toEqual({ tried: [1], ended: code });
});

it('gives up without progress, and only then', async () => {
  const lost = Array.from({ length: 3 }, () => 'disconnected' as const);
  expect((await play(lost, { giveUpMs: 100 })).ended).toBe('disconnected');
  expect((await play(lost, { giveUpMs: 100, progress: true })).ended).toBe('done');
  expect((await play(['absent', 'absent'], { giveUpMs: 100 })).ended).toBe('deadline-exceeded');
});

it('ends when the caller cancels', async () => {
  const signal = AbortSignal.abort();
  expect(await play(['unreachable'], { signal })).toEqual({ tried: [1], ended: 'file-cancelled' });
});

it('needs a server', async () => {
  await expect(
    persist(
      [],
      {},
      () => 0,
      async () => 1,
    ),
  ).rejects.toMatchObject({ code: 'unreachable' });
});
