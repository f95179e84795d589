import type * as Sdk from '@teamtalk/client';
import { fileScenarios } from './suite-files.js';
import { equal, failure, logIn, next, type SuiteEnvironment, until, withBoth } from './suite-tools.js';

/** Scenarios that run both in Node and in browsers. Each fails with an Error that describes the problem. */
export const scenarios: Record<string, (environment: SuiteEnvironment) => Promise<void>> = {
  ...fileScenarios,

  'logs in, sends, receives, and reads history': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { ids } = environment;
      equal(ann.userId, ids.ann, 'the id of the login');
      const text = `Grüße, 你好 ${Math.random()}`;
      const { msgId } = await ann.send({ user: ids.ben }, text);
      const message = await ben.nextMessage();
      equal([message.text, message.fromUserId, message.msgId], [text, ids.ann, msgId], 'the message');
      await ben.send(message.session, 'answered');
      equal((await ann.nextMessage()).text, 'answered', 'the answer');
      const history = await ann.history({ user: ids.ben }, { count: 2 });
      equal(
        history.map((each) => each.text),
        ['answered', text],
        'the history',
      );
    }),

  'sends long texts and bytes as they are': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const text = '长'.repeat(20_000);
      await ann.send({ user: environment.ids.ben }, text);
      equal((await ben.nextMessage()).text, text, 'the long text');
      const sound = Uint8Array.from({ length: 1_000 }, (_, i) => i % 256);
      const { SINGLE_AUDIO } = environment.sdk.MsgType;
      await ann.send({ user: environment.ids.ben }, sound, { type: SINGLE_AUDIO });
      const { data, text: none } = await ben.nextMessage();
      equal([...data], [...sound], 'the bytes');
      equal(none, undefined, 'the text of a sound');
    }),

  'keeps the order of many messages': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const numbers = Array.from({ length: 300 }, (_, i) => String(i));
      const sending = Promise.all(numbers.map((text) => ann.send({ user: environment.ids.ben }, text)));
      const received: unknown[] = [];
      while (received.length < numbers.length) received.push((await ben.nextMessage()).text);
      equal(received, numbers, 'the received texts');
      const ids = (await sending).map(({ msgId }) => msgId);
      equal(
        ids,
        ids.map((_, i) => ids[0]! + i),
        'the ids of the acknowledgements',
      );
    }),

  'stores a message once, however often it is sent under its key': (environment) =>
    withBoth(environment, async (ann) => {
      const { ben } = environment.ids;
      const key = `once ${Math.random()}`;
      const first = await ann.send({ user: ben }, 'once', { key });
      const second = await ann.send({ user: ben }, 'once', { key });
      equal(second.msgId, first.msgId, 'the id of the repetition');
    }),

  'counts what is unread until it is read': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { ids } = environment;
      await ben.markRead({ user: ids.ann }, await ben.latestMessageId({ user: ids.ann }));
      await ann.send({ user: ids.ben }, 'unread');
      const { msgId } = await ben.nextMessage();
      const ofAnn = async () => {
        const { sessions } = await ben.unread();
        return sessions.find(({ sessionId }) => sessionId === ids.ann)?.unreadCnt ?? 0;
      };
      equal(await ofAnn(), 1, 'the unread messages');
      await ben.markRead({ user: ids.ann }, msgId);
      await until(async () => (await ofAnn()) === 0, 'nothing unread');
    }),

  'knows users and who is online': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { ids } = environment;
      const [info] = await ann.usersInfo([ids.ben]);
      equal(info?.userId, ids.ben, 'the id of the user asked for');
      const isOnline = async () => (await ann.usersStatus([ids.ben]))[0]?.status === 1;
      await until(isOnline, 'ben online');
      await ben.close();
      await until(async () => !(await isOnline()), 'ben offline');
    }),

  'makes a group, changes its members, and talks in it': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const groupId = await ann.groups.create('lunch', []);
      const told = next<Sdk.GroupChange>((listener) => ben.once('group', listener));
      equal(await ann.groups.addMembers(groupId, [ids.ben]), [ids.ann, ids.ben], 'the members');
      const { byUserId, change, userIds } = await told;
      equal([byUserId, change, userIds], [ids.ann, 'added', [ids.ben]], 'the change that ben is told');
      const { msgId } = await ann.send({ group: groupId }, 'hello, all');
      const message = await ben.nextMessage();
      equal([message.text, message.session, message.msgId], ['hello, all', { group: groupId }, msgId], 'it');
      const [group] = await ben.groups.info([groupId]);
      equal([group?.groupName, group?.groupMemberList], ['lunch', [ids.ann, ids.ben]], 'the group');
      await ben.groups.setMuted(groupId, true);
      equal((await ben.groups.info([groupId]))[0]?.shieldStatus, 1, 'whether it is muted');
      equal(await ben.groups.removeMembers(groupId, [ids.ben]), [ids.ann], 'the members, when ben has left');
      const refused = await failure(ben.groups.addMembers(groupId, [ids.ben]));
      equal(refused instanceof sdk.Refused && refused.resultCode, 2, 'the result of coming back');
      equal(await ann.groups.list(), [], 'normal groups');
    }),

  'says that there is no such receiver': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const groupId = await ann.groups.create('without ben', []);
      for (const [client, session] of [
        [ann, { user: 999_999 }],
        [ben, { group: groupId }],
      ] as const) {
        const error = await failure(client.send(session, 'x', { deadlineMs: 1_000 }));
        const { ClientError } = environment.sdk;
        equal(error instanceof ClientError && error.code, 'unknown-receiver', 'the code');
      }
    }),

  'uploads an image and sends it': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, msfs, ids } = environment;
      const image = Uint8Array.from({ length: 100 }, (_, i) => i);
      const { url, text } = await sdk.uploadImage(msfs, image, { name: 'a_3x2.png' });
      await ann.send({ user: ids.ben }, text);
      equal(sdk.imageUrlsIn((await ben.nextMessage()).text ?? ''), [url], 'the image in the message');
      const downloaded = await fetch(url);
      equal([...new Uint8Array(await downloaded.arrayBuffer())], [...image], 'the image');
    }),

  'sends again what an outbox kept': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const storage = new sdk.MemoryStorage();
      const ended = new sdk.TeamTalkClient(environment.options);
      const first = await sdk.DurableOutbox.open(ended, storage);
      for (const text of ['kept', 'and kept']) await first.send({ user: ids.ben }, text);
      first.stop();
      await ended.close();
      const outbox = await sdk.DurableOutbox.open(ann, storage);
      const received = [(await ben.nextMessage()).text, (await ben.nextMessage()).text];
      equal(received, ['kept', 'and kept'], 'the messages');
      await until(async () => outbox.size === 0 && (await storage.load()).length === 0, 'the outbox empty');
    }),

  'changes settings, and others are told': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const told = next<{ userId: number; text: string }>((listener) => ben.once('signature', listener));
      await ann.settings.setSignature('在');
      equal(await told, { userId: ids.ann, text: '在' }, 'the signature that ben is told');
      const refused = await failure(ann.settings.setSignature('x'.repeat(129)));
      equal(refused instanceof sdk.Refused && refused.resultCode, 1, 'the result of a long one');
      await ann.settings.setAvatar('http://files.example/a.png');
      equal((await ben.usersInfo([ids.ann]))[0]?.avatarUrl, 'http://files.example/a.png', 'the picture');
      for (const isOn of [true, false]) {
        await ann.settings.setDoNotDisturb(isOn);
        equal(await ann.settings.doNotDisturb(), isOn, 'whether not to disturb');
      }
      equal((await ann.departments()).departments, [], 'the departments');
    }),

  'keeps the list of sessions': (environment) =>
    withBoth(environment, async (ann) => {
      const session = { user: environment.ids.ben };
      const isListed = async () =>
        (await ann.recentSessions()).some(({ sessionId }) => sessionId === session.user);
      await ann.send(session, 'a session');
      equal(await isListed(), true, 'whether it is listed');
      await ann.removeSession(session);
      equal(await isListed(), false, 'whether it is listed when it was removed');
    }),

  'passes commands between clients': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { ids } = environment;
      const told = next<{ data: string }>((listener) => ben.once('command', listener));
      await ann.sendCommand(ids.ben, 'typing');
      equal(await told, { fromUserId: ids.ann, toUserId: ids.ben, data: 'typing' }, 'the command');
    }),

  'says why a login is refused': async ({ sdk, options }) => {
    const client = new sdk.TeamTalkClient(options);
    const error = await failure(client.login({ name: 'ann', password: 'wrong' }));
    equal(error instanceof sdk.LoginRefused && error.resultCode, 6, 'the result code');
    equal(client.isConnected, false, 'a connection after the refusal');
    await client.close();
  },

  'lists where its user is logged in, and logs out there': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk } = environment;
      const phone = new sdk.TeamTalkClient(environment.options);
      const { ANDROID } = sdk.ClientType;
      await phone.login({ name: 'ann', password: environment.password, clientType: ANDROID });
      const logins = await ann.logins.list();
      const own = logins.find(({ isOwn }) => isOwn);
      const ofPhone = logins.find(({ clientClass }) => clientClass === 'mobile');
      const refused = await failure(ben.logins.end(ofPhone!.loginId));
      equal(refused instanceof sdk.Refused && refused.resultCode, 1, 'the result of another user');
      const ofOwn = await failure(ann.logins.end(own!.loginId));
      equal(ofOwn instanceof sdk.Refused, true, 'whether ending oneself is refused');
      const kicked = next<Sdk.Kicked>((listener) => phone.once('kicked', listener));
      await ann.logins.end(ofPhone!.loginId);
      equal((await kicked).reason, 1, 'the reason');
      await ann.logins.endOthers();
      equal((await ann.logins.list()).length, 1, 'the logins that are left');
    }),

  'tells that it was kicked, and fails with that from then on': (environment) =>
    withBoth(environment, async (ann) => {
      const { sdk, ids } = environment;
      const kicked = next<Sdk.Kicked>((listener) => ann.once('kicked', listener));
      const others: Sdk.TeamTalkClient[] = [];
      while (others.length < environment.sessions) others.push(await logIn(environment, 'ann'));
      equal((await kicked).reason, 1, 'the reason');
      const error = await failure(ann.send({ user: ids.ben }, 'too late'));
      equal(error instanceof sdk.Kicked, true, 'what a send fails with');
      await Promise.all(others.map((other) => other.close()));
    }),

  'fails with the reason once it is closed': (environment) =>
    withBoth(environment, async (ann) => {
      const waiting = failure(ann.nextMessage());
      await ann.close();
      for (const error of [await waiting, await failure(ann.unread())]) {
        equal(error instanceof environment.sdk.ClientError && error.code, 'closed', 'the code');
      }
    }),

  'tells that the server cannot be reached': async ({ sdk, options }) => {
    const nowhere: Sdk.ClientOptions =
      'url' in options
        ? { url: [options.url].flat().map((url) => url.replace(/:\d+/, ':1')) }
        : { host: '127.0.0.1', port: 1 };
    const client = new sdk.TeamTalkClient({ ...nowhere, reconnect: false });
    const error = await failure(client.login({ name: 'ann' }));
    equal(error instanceof sdk.ClientError && error.code, 'unreachable', 'the code');
    await client.close();
  },
};
