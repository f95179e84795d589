import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { conditionalCache } from './conditional-cache.js';

interface Reply {
  latestUpdateTime: number;
  etag: string;
  unchanged: boolean;
  names: string;
}

/** A store with one list that supports etags. */
class Store {
  names = 'ann bob';
  etag = 'first';
  /** Etags received, in order. */
  readonly asked: string[] = [];
  encodings = 0;
  older = false;

  readonly list = conditionalCache(
    async (since, etag): Promise<Reply> => {
      if (since > 0)
        return { latestUpdateTime: 9, etag: this.etag, unchanged: false, names: `since ${since}` };
      this.asked.push(etag);
      const unchanged = !this.older && etag === this.etag;
      return {
        latestUpdateTime: unchanged ? 0 : 7,
        etag: this.older || unchanged ? '' : this.etag,
        unchanged,
        names: unchanged ? '' : this.names,
      };
    },
    ({ names, latestUpdateTime }) => {
      this.encodings++;
      return { text: `${names} ${latestUpdateTime}` };
    },
  );
}

let store: Store;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  store = new Store();
});
afterEach(() => {
  vi.useRealTimers();
});

it('revalidates on every use and encodes only a changed list', async () => {
  const first = await store.list(0);
  expect(first.text).toBe('ann bob 7');
  expect(await store.list(0)).toBe(first);
  store.names = 'ann';
  store.etag = 'second';
  expect((await store.list(0)).text).toBe('ann 7');
  await store.list(0);
  expect(store.asked).toEqual(['', 'first', 'first', 'second']);
  expect(store.encodings).toBe(2);
});

it('fetches the full list once a minute, whatever the etag', async () => {
  await store.list(0);
  vi.advanceTimersByTime(59_999);
  await store.list(0);
  vi.advanceTimersByTime(1);
  await store.list(0);
  expect(store.asked).toEqual(['', 'first', '']);
});

it('caches nothing from a db_proxy_server of the previous version, and keeps revalidating with the others', async () => {
  store.older = true;
  const older = [await store.list(0), await store.list(0)];
  expect(older.map(({ text }) => text)).toEqual(['ann bob 7', 'ann bob 7']);
  expect(store.encodings).toBe(2);
  store.older = false;
  await store.list(0);
  store.older = true;
  store.names = 'ann';
  expect((await store.list(0)).text).toBe('ann 7');
  store.older = false;
  store.etag = 'second';
  expect((await store.list(0)).text).toBe('ann 7');
  expect(store.asked).toEqual(['', '', '', 'first', 'first']);
});

it('does not cache changes since a time', async () => {
  expect((await store.list(5)).text).toBe('since 5 9');
  expect((await store.list(6)).text).toBe('since 6 9');
  await store.list(0);
  expect(store.asked).toEqual(['']);
});

it('coalesces a thousand concurrent requests into two', async () => {
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => store.list(0)));
  expect(new Set(answers).size).toBe(1);
  expect(store.asked).toEqual(['', 'first']);
});
