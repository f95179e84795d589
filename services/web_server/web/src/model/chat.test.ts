import type { Message } from '@teamtalk/client';
import { describe, expect, it } from 'vitest';
import { Chat } from './chat.js';
import type { ShownMessage } from './content.js';
import { pageAfter } from './history-pages.js';

const message = (id: number) => ({ msgId: id, fromUserId: 2, createTime: id, type: 1, text: 'x' }) as Message;
const shown = (id: number): ShownMessage => ({ id, from: 2, time: id, content: { kind: 'text', text: 'x' } });
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Answers history requests as a server does, for messages with the given ids. */
class History {
  readonly userId = 1;
  requests = 0;
  /** Called while a page is loading. */
  meanwhile = () => {};

  constructor(
    public ids: readonly number[],
    /** the most messages in one answer */
    public room = 1_000,
  ) {}

  async history(_: unknown, { begin, count }: { begin: number; count: number }): Promise<Message[]> {
    this.requests++;
    const upTo = this.ids.filter((id) => begin === 0 || id <= begin);
    const page = upTo.slice(-Math.min(count, this.room)).reverse();
    this.meanwhile();
    return page.map(message);
  }
}

const chatOf = (history: History) => new Chat(history as never, { user: 2 });
const idsOf = (chat: Chat) => chat.messages.value.map(({ id }) => id);
const opened = async (history: History, unread = 0) => {
  const chat = chatOf(history);
  await chat.open({ unread, lastId: history.ids.at(-1) ?? 0 });
  return chat;
};
async function loadAllOlder(chat: Chat): Promise<void> {
  chat.isAtNewest = false;
  while (chat.hasOlder.value) await chat.loadOlder();
}

describe('the loaded messages', () => {
  it('are a few hundred while the newest ones are on the screen', async () => {
    const chat = await opened(new History([]));
    for (const id of range(1, 1_001)) chat.add([shown(id)]);
    expect(idsOf(chat)).toEqual(range(502, 1_001));
    expect([chat.hasOlder.value, chat.hasNewer.value]).toEqual([true, false]);
  });

  it('are at most a thousand while scrolling all the way up and down again, without gaps', async () => {
    const history = new History(range(1, 5_000));
    const chat = await opened(history);
    await loadAllOlder(chat);
    expect(idsOf(chat)).toEqual(range(1, 1_000));
    chat.add([shown(5_001)]);
    history.ids = range(1, 5_001);
    expect([chat.lastId, chat.newestId, chat.hasNewer.value]).toEqual([1_000, 5_001, true]);
    const steps = new Set<number>();
    while (chat.hasNewer.value) {
      await chat.loadNewer();
      const ids = idsOf(chat);
      expect(ids).toEqual(range(ids[0]!, ids[0]! + 999));
      steps.add(ids.length);
    }
    expect([chat.lastId, chat.hasOlder.value, ...steps]).toEqual([5_001, true, 1_000]);
  });

  it('do not grow by new messages while older ones are on the screen', async () => {
    const chat = await opened(new History([]));
    chat.isAtNewest = false;
    for (const id of range(1, 1_200)) chat.add([shown(id)]);
    expect(idsOf(chat)).toEqual(range(1, 1_000));
    expect([chat.hasNewer.value, chat.newestId]).toEqual([true, 1_200]);
  });

  it('are the newest page again in one step', async () => {
    const chat = await opened(new History(range(1, 3_000)));
    await loadAllOlder(chat);
    await chat.showNewest();
    expect(idsOf(chat)).toEqual(range(2_951, 3_000));
    expect([chat.hasOlder.value, chat.hasNewer.value]).toEqual([true, false]);
  });

  it('are few after the chat is closed, and have no gap when it is opened again', async () => {
    const history = new History(range(1, 600));
    const chat = await opened(history);
    await loadAllOlder(chat);
    chat.close();
    expect(idsOf(chat)).toEqual(range(501, 600));
    expect([chat.hasOlder.value, chat.isAtNewest]).toEqual([true, true]);

    history.ids = range(1, 2_000);
    chat.add(range(601, 2_000).map(shown));
    await loadAllOlder(chat);
    chat.close();
    await chat.open({ unread: 0, lastId: 2_000 });
    expect(idsOf(chat)).toEqual(range(1_951, 2_000));
  });

  it('have no gap when a page arrives after the messages next to it were unloaded', async () => {
    const history = new History(range(1, 600));
    const chat = await opened(history);
    while (idsOf(chat).length < 400) await chat.loadOlder();
    history.meanwhile = () => chat.close();
    await chat.loadOlder();
    expect(idsOf(chat)).toEqual(range(501, 600));
  });
});

describe('the unread line', () => {
  it('finds its place before more unread messages than are loaded', async () => {
    const history = new History(range(1, 3_000));
    const chat = await opened(history, 2_500);
    await loadAllOlder(chat);
    expect([chat.readUpTo.value, idsOf(chat).length]).toEqual([500, 1_000]);
  });
});

describe('the page after a message', () => {
  const pageOf = async (history: History, id: number) => {
    const page = await pageAfter(history as never, { user: 2 }, id, history.ids.at(-1) ?? 0);
    return page.map(({ msgId }) => msgId).reverse();
  };

  it('is one request where no ids are missing', async () => {
    const history = new History(range(1, 1_000));
    expect(await pageOf(history, 100)).toEqual(range(101, 150));
    expect(await pageOf(history, 980)).toEqual(range(981, 1_000));
    expect(history.requests).toBe(2);
  });

  it.each([
    ['a gap', [...range(1, 100), ...range(50_000, 50_500)]],
    ['all before it gone', range(7_000, 9_000)],
    ['a few far away', [100, 30_001, 60_000]],
  ])('begins with the next one across %s', async (_, ids) => {
    const history = new History(ids);
    const page = await pageOf(history, 100);
    const next = ids.filter((id) => id > 100);
    expect(page.length).toBeGreaterThan(0);
    expect(page).toEqual(next.slice(0, page.length));
    expect(history.requests).toBeLessThan(40);
  });

  it('omits nothing when answers are shorter than a page', async () => {
    const page = await pageOf(new History(range(1, 1_000), 3), 100);
    expect(page.length).toBeGreaterThan(0);
    expect(page).toEqual(range(101, 100 + page.length));
  });

  it('is empty after the newest message', async () => {
    expect(await pageOf(new History(range(1, 100)), 100)).toEqual([]);
    expect(await pageAfter(new History(range(1, 100)) as never, { user: 2 }, 100, 300)).toEqual([]);
  });
});
