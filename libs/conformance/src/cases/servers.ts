import { randomBytes } from 'node:crypto';
import { Commands as C, MsgType } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { callApi, getJson, getText } from '../http.js';
import { check } from '../match.js';
import { Peer } from '../peer.js';

/** An unused id. */
const nobody = 0x7fff_0000;

/** An image of `size` bytes is stored and returned. */
function upload(size: number): Case {
  return script({
    name: `msfs/an upload of ${size} bytes is answered in one line with a url, where the same bytes are`,
    commands: [C.MsgData],
    is: size > 5_000_000 ? ['client habit', 'fix'] : 'client habit',
    proves: size > 5_000_000 ? ['defect-large-upload'] : ['client-upload-line'],
    needs: ['msfs'],
    // Somebody is logged in from there.
    given: { uploader: 'a' },
    run: async (_, { target }) => {
      const bytes = randomBytes(size);
      // The first bytes of a JPEG.
      bytes.set([0xff, 0xd8, 0xff, 0xe0], 0);
      const form = new FormData();
      form.append('filename', new Blob([bytes], { type: 'image/jpeg' }), 'conformance.jpg');
      const text = await getText(target.deadlineMs, `${target.msfs}/`, { method: 'POST', body: form });
      check(!text.trimEnd().includes('\n'), 'more than one line');
      const { error_code: code, url, path } = JSON.parse(text) as Record<string, unknown>;
      check(code === 0 && typeof url === 'string' && url !== '' && path !== '', `answer ${text}`);
      const response = await fetch(url, { signal: AbortSignal.timeout(target.deadlineMs) });
      check(Buffer.from(await response.arrayBuffer()).equals(bytes), 'other bytes');
    },
  });
}

/** The servers beside msg_server, where they are given (client-behaviour.md#finding-a-server). */
export const serverCases: readonly Case[] = [
  script({
    name: 'login_server/0x0101 is answered by 0x0102 with a msg_server, and closed',
    commands: [C.LoginReqMsgserver, C.LoginResMsgserver],
    is: ['success', 'fix'],
    proves: ['fix-find-server-tcp'],
    needs: ['loginTcp'],
    given: {},
    run: async (_, { target }) => {
      const address = target.loginTcp!;
      const peer = await Peer.open({ as: 'ios', label: 'a client', address, deadlineMs: target.deadlineMs });
      await peer.ask(
        C.LoginReqMsgserver,
        C.LoginResMsgserver,
        {},
        {
          resultCode: 0,
          priorIp: (ip) => ip.length > 0,
          backipIp: (ip) => ip.length > 0,
          port: (port) => port > 0,
        },
      );
      await peer.expectEnd();
      check(peer.rules.violation === undefined, `${peer.rules.violation}`);
    },
  }),
  script({
    name: 'login_server/JSON with everything Android needs, also to a request of 1 KiB',
    commands: [C.LoginReqMsgserver],
    is: 'client habit',
    proves: ['client-location', 'client-small-request'],
    needs: ['loginHttp'],
    given: {},
    run: async (_, { target }) => {
      const headers = { 'x-padding': 'x'.repeat(800) };
      for (const init of [{}, { headers }]) {
        const answer = (await getJson(target, `${target.loginHttp}/msg_server`, init)) as Record<
          string,
          unknown
        >;
        check(answer.code === 0, `code ${answer.code}`);
        for (const key of ['priorIP', 'backupIP', 'port', 'msfsPrior', 'msfsBackup', 'discovery']) {
          check(typeof answer[key] === 'string', `${key} is ${JSON.stringify(answer[key])}`);
        }
        check(answer.priorIP !== '' && Number(answer.port) > 0, 'no address');
        for (const key of ['msfsPrior', 'msfsBackup']) {
          check(String(answer[key]).endsWith('/'), `${key} does not end in a slash`);
        }
      }
    },
  }),
  script({
    name: 'HTTP API/a pushed message arrives as a text clients can read',
    commands: [C.MsgData],
    is: 'success',
    onOriginal: ['original-http-interfaces'],
    proves: ['client-type-3', 'client-text'],
    needs: ['http'],
    given: { b: 'b@1', phone: 'b android' },
    run: async ({ b, phone }, world) => {
      const text = world.unique();
      const { error_code: code } = await callApi(world.target, 'SendP2PMessage', {
        req_user_id: world.ids.a,
        session_id: b.id,
        msg: text,
      });
      check(code === 0, `error_code ${code}`);
      for (const peer of [b, phone]) {
        const { msgType, msgData } = await peer.get(C.MsgData, { fromUserId: world.ids.a });
        // Which of the two depends on the server's setting for the client's class.
        check(msgType === MsgType.PUSH_NOTICE || msgType === MsgType.SINGLE_TEXT, `message type ${msgType}`);
        check(world.codec.decrypt(msgData) === text, 'another text');
      }
    },
  }),
  script({
    name: 'HTTP API/the legacy administration makes groups and changes them as user 0, ids being strings or not',
    commands: [C.GroupChangeMemberNotify],
    is: 'client habit',
    onOriginal: 'untried',
    proves: ['client-administration'],
    needs: ['http'],
    given: { a: 'a', b: 'b@1' },
    run: async ({ a, b }, { ids, target }) => {
      const created = await callApi(target, 'CreateGroup', {
        req_user_id: 0,
        group_name: 'conformance',
        group_type: 1,
        group_avatar: '',
        user_id_list: [a.id],
      });
      check(created.error_code === 0 && Number(created.group_id) > 0, JSON.stringify(created));
      const groupId = Number(created.group_id);
      const change = async (modifyType: number | string, userId: number | string) => {
        const request = { req_user_id: 0, modify_type: modifyType, user_id_list: [userId] };
        const { error_code: code } = await callApi(target, 'ChangeMembers', {
          ...request,
          group_id: typeof userId === 'string' ? String(groupId) : groupId,
        });
        check(code === 0, `ChangeMembers answers ${code}`);
      };
      const notice = { userId: 0, groupId };
      await change(1, b.id);
      await b.get(C.GroupChangeMemberNotify, { ...notice, changeType: 1, chgUserIdList: [b.id] });
      await change('1', String(ids.c));
      await b.get(C.GroupChangeMemberNotify, { ...notice, changeType: 1, chgUserIdList: [ids.c] });
      for (const id of [ids.c, b.id, a.id]) await change(2, id);
      await a.get(C.GroupChangeMemberNotify, { ...notice, changeType: 2, chgUserIdList: [a.id] });
    },
  }),
  script({
    name: 'HTTP API/SendSingleMessage sends type 1 and SendGroupMessage type 0x11 where nothing else is said',
    commands: [C.MsgData],
    is: 'client habit',
    onOriginal: ['original-http-interfaces'],
    proves: ['client-fork-types'],
    needs: ['http'],
    given: { a: 'a', b: 'b android@1' },
    run: async ({ a, b }, world) => {
      const groupId = await world.group(a, b.id);
      const single = { session_id: b.id, msg: world.unique() };
      const toGroup = { session_id: groupId, msg: world.unique() };
      for (const [name, sent, msgType, toSessionId] of [
        ['SendSingleMessage', single, MsgType.SINGLE_TEXT, b.id],
        ['SendGroupMessage', toGroup, MsgType.GROUP_TEXT, groupId],
      ] as const) {
        const { error_code: code, msg_id: msgId } = await callApi(world.target, name, {
          from_user_id: a.id,
          ...sent,
        });
        check(code === 0 && typeof msgId === 'number', `${name} answers ${code}, msg_id ${msgId}`);
        const message = await b.get(C.MsgData, { fromUserId: a.id, toSessionId, msgId, msgType });
        check(world.codec.decrypt(message.msgData) === sent.msg, 'another text');
      }
    },
  }),
  script({
    name: 'HTTP API/bad JSON, unknown paths and unknown groups are answered',
    commands: [C.GroupChangeMemberRequest],
    is: ['refusal', 'fix'],
    proves: ['fix-http-answers'],
    needs: ['http'],
    given: {},
    run: async (_, { ids, target }) => {
      const answers = [
        await callApi(target, 'SendP2PMessage', '{"req_user_id":'),
        await callApi(target, 'NoSuchInterface', {}),
        await callApi(target, 'SendP2PMessage', { req_user_id: ids.a, session_id: nobody, msg: 'x' }),
        await callApi(target, 'ChangeMembers', {
          req_user_id: ids.a,
          group_id: nobody,
          modify_type: 1,
          user_id_list: [ids.b],
        }),
      ];
      for (const answer of answers) {
        check(answer.error_code > 0 && answer.error_msg !== '', `answer ${JSON.stringify(answer)}`);
      }
    },
  }),
  ...[5_000, 6 * 1024 * 1024].map((size) => upload(size)),
];
