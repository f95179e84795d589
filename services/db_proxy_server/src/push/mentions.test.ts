import { pushApi } from '@teamtalk/rpc';
import { expect, test } from 'vitest';
import {
  ann,
  bob,
  cat,
  claim,
  finish,
  phones,
  readInTeam,
  shield,
  useFourUsers,
  writeToTeam,
} from '../testing/push-fixture.js';
import { mentionedIn } from './mentions.js';

const { PushOutcome } = pushApi.push;

useFourUsers();

/** The messages of muted groups are searched by the claim after the one that takes their marks. */
const claimMentions = async () => [...(await claim()), ...(await claim())];

test('a mention is pushed although the user has muted the group, and what is written after it is not', async () => {
  await phones(bob, cat);
  await shield(bob);
  await shield(cat);
  await writeToTeam(ann, 'hello');
  await writeToTeam(ann, '@Bob can you look?');
  await writeToTeam(ann, 'anybody?');
  const [push, ...others] = await claimMentions();
  expect([push, others]).toMatchObject([{ userId: bob, msgId: 2 }, []]);
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await writeToTeam(ann, 'never mind');
  expect(await claimMentions(), 'nothing new for Bob').toEqual([]);
  await writeToTeam(ann, '@cat @bob');
  expect(await claimMentions(), 'by nickname or name').toMatchObject([
    { userId: bob, msgId: 5 },
    { userId: cat, msgId: 5 },
  ]);
});

test('a mention that is read, or one’s own, is not pushed, nor a longer name', async () => {
  await phones(ann, bob);
  await shield(ann);
  await shield(bob);
  await writeToTeam(ann, '@Ann note to self');
  await writeToTeam(ann, '@Bobby, and bob@example.com');
  expect(await claimMentions()).toEqual([]);
  await writeToTeam(ann, '@Bob');
  await readInTeam(bob, 3);
  expect(await claimMentions()).toEqual([]);
});

test('one message with many mentions hides no mention of others', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, `${'@nobody '.repeat(60)} @Bob`);
  expect(await claimMentions(), 'after 50').toEqual([]);
  await writeToTeam(ann, '@Bob');
  for (let i = 0; i < 20; i++) await writeToTeam(ann, '@nobody '.repeat(60));
  expect(await claimMentions()).toMatchObject([{ userId: bob, msgId: 2 }]);
});

test('the banner of a mention goes when it has been read', async () => {
  await phones(bob);
  await shield(bob);
  await writeToTeam(ann, '@Bob');
  const [push] = await claimMentions();
  await finish(push, PushOutcome.PUSH_ACCEPTED);
  await readInTeam(bob, 1);
  expect(await claim()).toMatchObject([{ userId: bob, msgId: 0, badge: 0 }]);
});

const users = new Map([
  ['Bob', [2]],
  ['张三', [3]],
  ['Bob Smith', [4, 5]],
]);

test.each([
  ['@Bob look', [2]],
  ['look @Bob', [2]],
  ['@Bob, @张三 看一下', [2, 3]],
  ['@Bob Smith', [2, 4, 5]],
  ['@@Bob', [2]],
  ['@Bobby and @张三丰', []],
  ['bob@Bob.example', [2]],
  ['Bob 张三', []],
  ['@', []],
  ['', []],
])('%s', (text, mentioned) => {
  expect(mentionedIn(text, users)).toEqual(mentioned);
});

test('the time for a text of nothing but @ is bounded', () => {
  const many = new Map([['x'.repeat(64), [1]]]);
  let left = 2_000;
  const { user: before } = process.cpuUsage();
  expect(mentionedIn('@'.repeat(100_000), many, () => left-- > 0)).toEqual([]);
  expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
});
