import type { Session } from '@teamtalk/client';
import { Commands, encodePdu, IM, MsgType } from '@teamtalk/protocol';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Conversation, Group, type Model } from './model.js';
import type { WatchedClient } from './watched-client.js';
import { slots, type World } from './world.js';

type Operation = fc.AsyncCommand<Model, World>;

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;
const resultCodes = { 'no-group': 1, 'not-permitted': 2 };
const maxGroups = 3;

let texts = 0;

/**
 * Random sequences of operations. Users and conversations are chosen by number among those that exist when an operation
 * runs, so that every operation does something.
 */
export function operations(sizes: {
  users: number;
  servers: number;
  maxCommands: number;
  /** of a failure, to repeat it */
  replayPath?: string | undefined;
}) {
  const user = fc.nat(sizes.users - 1);
  const slot = fc.nat(slots.length - 1);
  const server = fc.nat(sizes.servers - 1);
  const users = fc.uniqueArray(user, { minLength: 1 });
  const any = fc.nat(99);
  const id = fc.nat(12);
  return fc.commands(
    [
      fc.tuple(any, any, fc.integer({ min: 1, max: 3 })).map((given) => send(...given)),
      fc.tuple(fc.array(any, { minLength: 2, maxLength: 8 }), any).map((given) => sendAtOnce(...given)),
      fc.tuple(any, any, id).map((given) => read(...given)),
      fc.tuple(any, any).map((given) => removeSession(...given)),
      fc.tuple(any, users).map((given) => createGroup(...given)),
      fc.tuple(any, any, users).map((given) => changeMembers('join', ...given)),
      fc.tuple(any, any, users).map((given) => changeMembers('leave', ...given)),
      fc.tuple(any, any).map((given) => changeMembers('leave', ...given, undefined)),
      fc
        .tuple(user, slot, server, fc.constantFrom('cut' as const, 'kick' as const))
        .map((given) => connect(...given)),
      fc.tuple(any, any, id, fc.integer({ min: 1, max: 10 })).map((given) => look(...given)),
    ],
    {
      maxCommands: sizes.maxCommands,
      size: 'max',
      ...(sizes.replayPath !== undefined && { replayPath: sizes.replayPath }),
    },
  );
}

function operation(
  name: string,
  run: Operation['run'],
  enabled: (model: Model) => boolean = () => true,
): Operation {
  return { check: enabled, run, toString: () => name };
}

/** The user's pairs with all others, and every group, even as a non-member. */
function placeOf(model: Model, world: World, user: number, which: number): Conversation {
  const peers = [...world.ids.keys()].filter((other) => other !== user);
  const places = [...peers.map((peer) => () => model.pair(user, peer)), ...model.groups.map((g) => () => g)];
  return places[which % places.length]!();
}

/** A non-member's message reaches nobody. */
function send(by: number, where: number, count: number): Operation {
  return operation(`${by} sends ${count} to ${where}`, async (model, world) => {
    const [user, connection] = world.connection(by);
    const conversation = placeOf(model, world, user, where);
    const session = world.session(conversation, user);
    if (!conversation.readers.has(user)) return sendAsOutsider(connection, session);
    for (let i = 0; i < count; i++) {
      const text = `text ${texts++}`;
      const { msgId } = await connection.client.send(session, text);
      expect(msgId).toBe(conversation.speak(user, text, model.now()));
      world.expectMessage(conversation, connection, { msgId, fromUserId: world.ids[user]!, text });
    }
  });
}

async function sendAsOutsider({ client }: WatchedClient, session: Session): Promise<void> {
  const message = {
    fromUserId: 0,
    toSessionId: (session as { group: number }).group,
    msgId: 0,
    createTime: 0,
    msgType: MsgType.GROUP_TEXT,
    msgData: Buffer.from('not for you'),
  };
  await client.writeBytes(encodePdu(Commands.MsgData, message, 0));
  // Its reply follows the result of the message.
  await client.unread();
}

/** Members of the conversation send concurrently; the acks show the order in which they were stored. */
function sendAtOnce(by: readonly number[], where: number): Operation {
  return operation(`${by} send at once to ${where}`, async (model, world) => {
    const conversation = placeOf(model, world, world.connection(by[0]!)[0], where);
    const speakers = by
      .map((one) => world.connection(one))
      .filter(([user]) => conversation.readers.has(user));
    const sent = await Promise.all(
      speakers.map(async ([user, connection]) => {
        const text = `text ${texts++}`;
        const { msgId } = await connection.client.send(world.session(conversation, user), text);
        return { msgId, user, text, connection };
      }),
    );
    sent.sort((a, b) => a.msgId - b.msgId);
    for (const { msgId, user, text, connection } of sent) {
      expect(msgId).toBe(conversation.speak(user, text, model.now()));
      world.expectMessage(conversation, connection, { msgId, fromUserId: world.ids[user]!, text });
    }
  });
}

function read(by: number, where: number, id: number): Operation {
  return operation(`${by} reads ${where} to ${id}`, async (model, world) => {
    const [user, connection] = world.connection(by);
    const conversation = placeOf(model, world, user, where);
    await connection.client.markRead(world.session(conversation, user), id);
    conversation.read(user, id);
    // The reply follows the storing of earlier messages.
    await world.verifyUser(user, connection);
  });
}

function removeSession(by: number, where: number): Operation {
  return operation(`${by} removes ${where}`, async (model, world) => {
    const [user, connection] = world.connection(by);
    const conversation = placeOf(model, world, user, where);
    const session = world.session(conversation, user);
    const { resultCode } = await connection.client.request(
      Commands.BuddyListRemoveSessionReq,
      Commands.BuddyListRemoveSessionRes,
      'group' in session
        ? { userId: 0, sessionType: 2, sessionId: session.group }
        : { userId: 0, sessionType: 1, sessionId: session.user },
    );
    const exists = conversation instanceof Group ? conversation.readers.has(user) : conversation.last > 0;
    expect(resultCode).toBe(exists ? 0 : 1);
    conversation.remove(user);
    await world.verifyUser(user, connection);
  });
}

export function createGroup(by: number, members: readonly number[]): Operation {
  const run: Operation['run'] = async (model, world) => {
    const [user, { client }] = world.connection(by);
    const group = new Group(model.groups.length, user, members);
    const { resultCode, groupId, userIdList } = await client.request(
      Commands.GroupCreateRequest,
      Commands.GroupCreateResponse,
      {
        userId: 0,
        groupType: GROUP_TYPE_TMP,
        groupName: 'a group',
        groupAvatar: '',
        memberIdList: members.map((member) => world.ids[member]!),
      },
    );
    expect({ resultCode, members: [...userIdList].sort((a, b) => a - b) }).toEqual({
      resultCode: 0,
      members: group.users.map((member) => world.ids[member]),
    });
    model.groups.push(group);
    world.groupIds.push(groupId);
  };
  return operation(`${by} creates a group with ${members}`, run, ({ groups }) => groups.length < maxGroups);
}

/** @param whom undefined: the user */
function changeMembers(
  kind: 'join' | 'leave',
  by: number,
  which: number,
  whom: readonly number[] | undefined,
): Operation {
  return operation(`${by} makes ${whom ?? by} ${kind} group ${which}`, async (model, world) => {
    const [user, asker] = world.connection(by);
    const group = model.groups[which % model.groups.length]!;
    const groupId = world.groupIds[group.index]!;
    const users = whom ?? [user];
    // A removed user may miss messages in flight.
    if (kind === 'leave') await world.caughtUp(users);
    const changeType = kind === 'join' ? GROUP_MODIFY_TYPE_ADD : GROUP_MODIFY_TYPE_DEL;
    const answer = await asker.client.request(
      Commands.GroupChangeMemberRequest,
      Commands.GroupChangeMemberResponse,
      { userId: 0, changeType, groupId, memberIdList: users.map((member) => world.ids[member]!) },
    );
    const changed = kind === 'join' ? group.add(user, users) : group.expel(user, users);
    if (typeof changed === 'string') {
      expect(answer.resultCode).toBe(resultCodes[changed]);
      return;
    }
    const notice = {
      changeType,
      groupId,
      curUserIdList: group.users.map((member) => world.ids[member]!),
      chgUserIdList: changed.map((member) => world.ids[member]!),
    };
    expect(answer).toMatchObject({ resultCode: 0, ...notice });
    if (changed.length === 0) return;
    for (const [, connection] of world.connectionsOf([...group.users, ...changed])) {
      if (connection !== asker) connection.expectMemberChange(notice);
    }
  });
}

function connect(user: number, slot: number, server: number, how: 'cut' | 'kick'): Operation {
  return operation(`${user}.${slot} connects to msg_server ${server} (${how})`, (_, world) =>
    world.connect(user, slot, server, how),
  );
}

function look(by: number, where: number, begin: number, count: number): Operation {
  return operation(`${by} looks at ${where} from ${begin}, ${count}`, async (model, world) => {
    const [user, connection] = world.connection(by);
    await world.verifyUser(user, connection);
    const conversation = placeOf(model, world, user, where);
    await world.verifyHistory(conversation, user, connection, { begin, count });
  });
}
