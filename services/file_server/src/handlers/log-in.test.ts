import { Commands } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { from, metricsOf, Role, TestInstallation, to } from '../testing/test-installation.js';

let installation: TestInstallation;
let service: Service;
beforeAll(async () => {
  installation = await TestInstallation.start();
  service = await installation.fileServer();
});
afterAll(() => installation.stop());

const tryLogin = async (taskId: string, userId: number, role: 1 | 2 | 3 | 4, at = service) => {
  const side = await installation.side(at, userId, taskId);
  const resultCode = await side.logIn(role);
  if (resultCode !== 0) await side.raw.closed;
  side.raw.close();
  return resultCode;
};
const refusedFor = (reason: string, at = service) =>
  expect
    .poll(() => metricsOf(at), { timeout: 15_000 })
    .toMatch(new RegExp(`logins_total\\{result="${reason}"\\} \\d`));

it('sender and receiver log in, each in their own role; 0x0502 has the seq_num and the task', async () => {
  const taskId = await installation.task(3, 'online');
  const side = await installation.side(service, from, taskId);
  await side.send(Commands.FileLoginReq, { userId: from, taskId, fileRole: Role.sender }, 4_321);
  expect(await side.expect(Commands.FileLoginRes)).toMatchObject({ resultCode: 0, taskId, seqNum: 4_321 });
  expect(await tryLogin(taskId, to, Role.receiver)).toBe(0);
  side.raw.close();
});

it.each([
  ['online', from, Role.receiver],
  ['online', to, Role.sender],
  ['online', 3, Role.sender],
  ['online', 3, Role.receiver],
  ['offline', to, Role.upload],
  ['offline', from, Role.download],
] as const)('a wrong user is refused: %s, user %d, role %d', async (mode, userId, role) => {
  expect(await tryLogin(await installation.task(3, mode), userId, role)).toBe(1);
  await refusedFor('wrong_user');
});

it.each([
  ['online', from, Role.upload],
  ['online', to, Role.download],
  ['offline', from, Role.sender],
  ['offline', to, Role.receiver],
] as const)('a wrong role is refused: %s, user %d, role %d', async (mode, userId, role) => {
  expect(await tryLogin(await installation.task(3, mode), userId, role)).toBe(1);
  await refusedFor('wrong_role');
});

it.each([
  '',
  'x',
  '../../etc/passwd',
  'a\0b',
  '3f0c1a52-6f0e-4a44-9a55-d6ef39a4ad3b',
  `3f0c1a52-6f0e-4a44-9a55-${'d'.repeat(10_000)}`,
])('an unknown task is refused (%#)', async (taskId) => {
  expect(await tryLogin(taskId, from, Role.sender)).toBe(1);
  await refusedFor('unknown_task');
});

it('a user who is not logged in to any msg_server is refused', async () => {
  const taskId = await installation.task(3, 'online');
  installation.sessions.delete(to);
  const hasty = await installation.fileServer({ LOGIN_CHECK_MS: '200' });
  expect(await tryLogin(taskId, to, Role.receiver, hasty)).toBe(1);
  await refusedFor('no_session', hasty);
  await hasty.stop();
  installation.sessions.set(to, ['127.0.0.1']);
  expect(await tryLogin(taskId, to, Role.receiver)).toBe(0);
});

it('an address other than the session’s is counted, and refused if so configured', async () => {
  const strict = await installation.fileServer({ LOGIN_CHECK: 'address', LOGIN_CHECK_MS: '1000' });
  const open = await installation.fileServer({ LOGIN_CHECK: 'task' });
  const taskId = await installation.task(3, 'online');
  expect(await tryLogin(taskId, to, Role.receiver, strict)).toBe(0);
  installation.sessions.set(to, ['10.1.2.3']);
  expect(await tryLogin(taskId, to, Role.receiver)).toBe(0);
  expect(await metricsOf(service)).toContain('login_other_address_total 1\n');
  expect(await tryLogin(taskId, to, Role.receiver, strict)).toBe(1);
  expect(await metricsOf(strict)).toContain('logins_total{result="other_address"} 1\n');
  installation.sessions.delete(to);
  expect(await tryLogin(taskId, to, Role.receiver, open)).toBe(0);
  installation.sessions.set(to, ['127.0.0.1']);
  await strict.stop();
  await open.stop();
});

it('a second login on a connection is ignored', async () => {
  const taskId = await installation.task(3, 'online');
  const sender = await installation.enter(service, from, taskId, Role.sender);
  await sender.send(Commands.FileLoginReq, { userId: to, taskId, fileRole: Role.receiver });
  await sender.send(Commands.OtherHeartbeat, {}, 77);
  expect((await sender.raw.next()).commandId).toBe(Commands.OtherHeartbeat.id);
  sender.raw.close();
});
