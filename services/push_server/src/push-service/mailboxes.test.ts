import { expect, test } from 'vitest';
import { MemoryMailboxes } from '../testing/memory-mailboxes.js';
import { hexOf, Mailboxes } from './mailboxes.js';
import { mailboxOf } from './names.js';

test('kept messages are read in parts as the phone takes them', async () => {
  const store = new MemoryMailboxes();
  const mailboxes = new Mailboxes(store as never);
  const mailbox = mailboxOf('upAAAAAAAAAAAA');
  for (let i = 0; i < 200; i++) {
    const { id = 0 } =
      (await mailboxes.keep({ mailbox, topic: '', body: Buffer.alloc(4_096), ttl: 60 })) ?? {};
    // Distinct times, even where the clock only has milliseconds.
    const kept = store.messages.find((each) => each.id === id);
    if (kept) kept.keptAt = i + 1;
  }
  const boxes = new Map([[hexOf(mailbox), mailbox]]);
  const all = mailboxes.readAll(boxes, { since: 0, received: false });
  await all.next();
  expect(store.reads).toBe(1);
  const ids: number[] = [];
  for await (const { id } of all) ids.push(id);
  expect(ids).toEqual(Array.from({ length: 199 }, (_, i) => i + 2));
  expect(store.reads).toBeGreaterThan(5);
});
