import { expect, it } from 'vitest';
import type { Conversation } from './conversations.js';
import { State } from './state.js';

const conversation = (user: number, time: number): Conversation => ({
  key: `u${user}`,
  session: { user },
  text: '',
  from: user,
  lastId: 1,
  time,
  unread: 0,
});
const order = (state: State) => state.recent.value.map(({ key }) => key);

it('pinned chats come first, newest on top within each part', () => {
  const state = new State(1);
  for (const [user, time] of [
    [2, 20],
    [3, 30],
    [4, 40],
    [5, 50],
  ] as const) {
    state.putConversation(conversation(user, time));
  }
  expect(order(state)).toEqual(['u5', 'u4', 'u3', 'u2']);
  state.marks.set('pinned', 'u2', true);
  state.marks.set('pinned', 'u3', true);
  expect(order(state)).toEqual(['u3', 'u2', 'u5', 'u4']);
  state.marks.set('pinned', 'u3', false);
  expect(order(state)).toEqual(['u2', 'u5', 'u4', 'u3']);
});

it('a person is muted in the browser, a group at the server', () => {
  const state = new State(1);
  expect(state.isMuted({ user: 2 })).toBe(false);
  state.marks.set('muted', 'u2', true);
  expect(state.isMuted({ user: 2 })).toBe(true);
  expect(state.isMuted({ group: 2 })).toBe(false);
  state.putGroups([{ groupId: 2, shieldStatus: 1 } as never]);
  expect(state.isMuted({ group: 2 })).toBe(true);
});
