import { type CaseResult, legacyReport, runConformance, summary, textTable } from '@teamtalk/conformance';
import { Commands as C } from '@teamtalk/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeOriginal, type OriginalOptions } from './original.js';

const users = ['a', 'b', 'c', 'd'];
const password = 'pw';
const deadlineMs = 2_000;

async function runLegacy(
  original: FakeOriginal,
  filter: string,
  options: { restartMs?: number; legacy?: boolean } = {},
) {
  return runConformance({
    ...original.target,
    users,
    password,
    deadlineMs,
    legacy: true,
    filter,
    ...options,
  });
}

describe('a server that answers as the original does', () => {
  let original: FakeOriginal;
  beforeAll(async () => {
    original = await FakeOriginal.start({ names: users, password });
  });
  afterAll(() => original?.stop());

  it.each([
    ['groups/a client makes no normal group', 'original-silent-refusal'],
    ['groups/nobody changes a group that is not there', 'original-silent-refusal'],
    ['groups/an outsider shields no group', 'original-silent-refusal'],
    ['commands/a command to oneself', 'original-p2p'],
    ['login/do-not-disturb is kept', 'original-unchanged'],
    ['buddies/a changed signature', 'original-signature-bytes'],
    ['login/a new PC kicks the old one', 'original-stays-open'],
    ['groups/who creates a group is a member', 'fix-group-creator'],
    ['client windows/sends a message again', 'original-second-message'],
    ['sending/the same attach_data', 'original-second-message'],
    ['HTTP API/a pushed message', 'original-http-interfaces'],
    ['files/a file to nobody', 'original-file-to-nobody'],
    ['reading/history of large messages', 'original-no-limits'],
    ['transfers/a pull beyond the end', 'original-file-server'],
    ['before login/0x0301', 'fix-before-login'],
    // The case runs to its end and shows the defect.
    ['sending/a text is acknowledged', 'defect-forwarded-header'],
  ] as const)('%s is known of it: %s', async (filter, id) => {
    const results = await runLegacy(original, filter);
    expect(results).toMatchObject([{ status: 'known', known: expect.arrayContaining([id]) }]);
    expect(legacyReport(results)).toContain(`1 case     ${id}: `);
  });

  it.each([
    'groups/a message reaches all members',
    'client android/takes a message',
    'reading/what was read is told',
    'transfers/online, block by block',
    'session windows/starts up',
    'session windows/sends an image',
    'session mac/starts up',
    'session ios/starts up',
    'session android/starts up',
  ])('%s passes, whatever number and attach_data its pushes bear', async (filter) => {
    const [result] = await runLegacy(original, filter);
    expect(result, result?.reason).toMatchObject({
      status: 'passed',
      seen: expect.arrayContaining(['defect-forwarded-header']),
    });
    const [strict] = await runLegacy(original, filter, { legacy: false });
    expect(strict).toMatchObject({ status: 'failed', reason: expect.stringMatching(/seq_num|attach_data/) });
  });

  it.each(['windows', 'mac'])('a %s session of files passes', async (as) => {
    for (const way of ['there', 'away']) {
      const [result] = await runLegacy(original, `session ${as}/sends a file to somebody who is ${way}`);
      expect(result, result?.reason).toMatchObject({ status: 'passed' });
    }
  });

  it('says of a case that nobody has tried on an original that it is new, and why', async () => {
    const results = await runLegacy(original, 'session windows/is offered an offline file');
    expect(results).toMatchObject([
      { status: 'new', reason: expect.stringContaining('(never tried on an original before)') },
    ]);
  });
});

describe('a server with a defect of its own', () => {
  let original: FakeOriginal | undefined;
  afterEach(() => original?.stop());
  const start = async (options: Partial<OriginalOptions>) => {
    original = await FakeOriginal.start({ names: users, password, ...options });
    return original;
  };
  const of = (results: readonly CaseResult[], name: string) =>
    results.find((each) => each.case.name.startsWith(name));
  // Sent by a single case, after which other cases run.
  const departments = (commandId: number) => commandId === C.BuddyListDepartmentRequest.id;

  it('what is not known of an original is new', async () => {
    const results = await runLegacy(
      await start({ silentTo: [C.MsgUnreadCntRequest.id] }),
      'reading/unread messages',
    );
    expect(results).toMatchObject([
      {
        status: 'new',
        reason: expect.stringContaining('got no 0x0308 CID_MSG_UNREAD_CNT_RESPONSE within'),
      },
    ]);
    expect(legacyReport(results)).toMatch(/^New: .*\n {2}reading\/unread messages count/);
  });

  it('a case that kills a msg_server is told, the server waited for, and the rest run', async () => {
    const killedBy = ({ commandId }: { commandId: number }) =>
      departments(commandId) ? 'msg_server' : undefined;
    const server = await start({ killedBy, awayMs: 700 });
    const results = await runLegacy(server, 'buddies/');
    expect(server.deaths).toBe(1);
    expect(of(results, 'buddies/departments')).toMatchObject({
      status: 'killed',
      reason: expect.stringMatching(/^msg_server 127\.0\.0\.1:\d+ died; back after \d+\.\d s$/),
    });
    expect(of(results, 'buddies/a PC that comes and goes'), textTable(results)).toMatchObject({
      status: 'passed',
    });
    expect(results.filter(({ status }) => status === 'killed')).toHaveLength(1);
    expect(legacyReport(results)).toMatch(/^Killed the server: .*\n {2}buddies\/departments/);
    expect(summary(results)).toContain('1 killed the server');
  });

  it('sees a server that is back at once', async () => {
    const killedBy = ({ commandId }: { commandId: number }) =>
      departments(commandId) ? 'msg_server' : undefined;
    const results = await runLegacy(await start({ killedBy, awayMs: 0 }), 'buddies/departments');
    expect(results).toMatchObject([{ status: 'killed', reason: expect.stringContaining('back after') }]);
  });

  it('sees that a server behind was killed: nobody is let in any more', async () => {
    const killedBy = ({ commandId }: { commandId: number }) =>
      departments(commandId) ? 'db_proxy_server' : undefined;
    const results = await runLegacy(await start({ killedBy }), 'buddies/departments');
    expect(results).toMatchObject([
      { status: 'killed', reason: expect.stringMatching(/^a cannot log in: result 3 .*; back after/) },
    ]);
  });

  it('runs nothing more where the server does not come back', async () => {
    const killedBy = ({ commandId }: { commandId: number }) =>
      departments(commandId) ? 'msg_server' : undefined;
    const results = await runLegacy(await start({ killedBy }), 'buddies/', { restartMs: 500 });
    expect(of(results, 'buddies/departments')).toMatchObject({
      status: 'killed',
      reason: expect.stringContaining('did not come back'),
    });
    const after = results.slice(results.indexOf(of(results, 'buddies/departments')!) + 1);
    expect(after.length).toBeGreaterThan(5);
    for (const each of after) {
      expect(each).toMatchObject({ status: 'not run', reason: 'the server did not come back' });
    }
  });
});
