import { Conversation } from '@teamtalk/load-generator';
import { expect, test } from 'vitest';
import { Ledger } from '../record/ledger.js';
import { HttpPusher } from './http-pusher.js';
import { Load } from './load.js';

test('a load that is closed in the middle of a round sends nothing more', async () => {
  const ledger = new Ledger();
  const conversations = [ledger.add(Conversation.pair(1, 2))];
  const pusher = new HttpPusher({ ledger, userId: 1, conversations, url: 'http://127.0.0.1:9', paceMs: 10 });
  const load = new Load([pusher]);
  load.start();
  await expect.poll(() => ledger.sent.size).toBeGreaterThan(0);
  expect(pusher.running).toBe(true);
  await load.close();
  expect(pusher.running).toBe(false);
});
