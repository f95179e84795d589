import { Commands, type Pdu } from '@teamtalk/protocol';
import { afterEach, expect, it } from 'vitest';
import { FakeOriginal } from '../original/original.js';
import { teamtalk } from './run.js';

const names = ['a', 'b', 'c', 'd'];
let original: FakeOriginal | undefined;
afterEach(() => original?.stop());

async function runLegacy(filter: string, ...more: string[]) {
  const { servers, http, loginHttp, msfs } = original!.target;
  const ports = servers.flatMap(({ port }) => ['--port', String(port)]);
  const urls = ['--http', http, '--login-server', loginHttp, '--msfs', msfs];
  const words = ['conformance', '--legacy', ...ports, ...urls, '--users', names.join(), '--deadline', '2000'];
  return teamtalk([...words, '--filter', filter, ...more], { TEAMTALK_PASSWORD: 'pw' });
}

it('ends with 0 where an original does what it is known for, and says so', async () => {
  original = await FakeOriginal.start({ names, password: 'pw' });
  const { status, stdout, stderr } = await runLegacy('commands/');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/3 cases: 0 passed, 3 known of the original\n\nKnown of an original server: /);
  expect(stdout).toMatch(
    / {2}2 cases {4}original-p2p: 0x0601 is forwarded unread: .*client-behaviour\.md#p2p-commands\)\n/,
  );
  const json = await runLegacy('groups/a client makes', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject([{ status: 'known', known: ['original-silent-refusal'] }]);
});

it('ends with 1 where something is new', async () => {
  original = await FakeOriginal.start({ names, password: 'pw', silentTo: [Commands.MsgUnreadCntRequest.id] });
  const { status, stdout, stderr } = await runLegacy('reading/unread messages');
  expect(status).toBe(1);
  expect(stdout).toContain(
    '\nNew: not known of an original server. Look at these before you move\n  reading/unread',
  );
  expect(stderr).toBe('teamtalk: not known of an original: 1 case: 0 passed, 1 new\n');
});

it('ends with 3 where a case has killed the server, and waits for it', async () => {
  const killedBy = ({ commandId }: Pdu) =>
    commandId === Commands.BuddyListDepartmentRequest.id ? 'msg_server' : undefined;
  original = await FakeOriginal.start({ names, password: 'pw', killedBy, awayMs: 500 });
  const { status, stdout, stderr } = await runLegacy('buddies/departments', '--restart', '20');
  expect(status).toBe(3);
  expect(stdout).toMatch(/killed: msg_server 127\.0\.0\.1:\d+ died; back after \d+\.\d s\n/);
  expect(stderr).toMatch(
    /^buddies\/departments.*: msg_server .* died; waiting up to 20 s for it to be back\nteamtalk: the server was killed: 1 case: 0 passed, 1 killed the server\n$/,
  );
});
