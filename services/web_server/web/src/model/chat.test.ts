import { expect, it } from 'vitest';
import { Chat } from './chat.js';

const chatWithMessages = (isAtNewest: boolean) => {
  const chat = new Chat({ userId: 1, history: async () => [] } as never, { user: 2 });
  chat.hasOlder.value = false;
  chat.isAtNewest = isAtNewest;
  for (let id = 1; id <= 1_001; id++) {
    chat.add([{ id, from: 2, time: id, content: { kind: 'text', text: 'x' } }]);
  }
  return { chat, ids: chat.messages.value.map(({ id }) => id) };
};

it('keeps some hundred messages while the newest ones are on the screen', () => {
  const { chat, ids } = chatWithMessages(true);
  expect([ids[0], ids.at(-1), chat.hasOlder.value]).toEqual([502, 1_001, true]);
});

it('keeps all while older ones are looked at, and lets them go when it is closed', () => {
  const { chat, ids } = chatWithMessages(false);
  expect([ids.length, chat.hasOlder.value]).toEqual([1_001, false]);
  chat.close();
  expect([chat.messages.value.length, chat.hasOlder.value, chat.isAtNewest]).toEqual([100, true, true]);
});
