import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { teamtalk } from './run.js';

afterEach(() => vi.restoreAllMocks());

describe('teamtalk', () => {
  it('helps', async () => {
    const { status, stdout } = await teamtalk(['--help']);
    expect(status).toBe(0);
    for (const name of ['dev', 'migrate', 'user', 'seed', 'send', 'listen', 'check-config']) {
      expect(stdout).toContain(`\n  ${name}`);
    }
  });

  it.each([
    ['no command', [], 'Usage: teamtalk'],
    ['an unknown command', ['frobnicate'], "unknown command 'frobnicate'"],
    ['a missing option', ['seed'], "required option '--users <n>' not specified"],
    ['a number that is none', ['seed', '--users', '1e3'], 'must be a whole number from 1 to 10000000'],
    ['an address that is none', ['listen', '--as', 'a', '--server', 'a:b'], 'must be host:port'],
    ['a URL that is none', ['listen', '--as', 'a', '--login-server', 'a:b'], 'must be a URL'],
    ['a kind of client that is none', ['listen', '--as', 'a', '--client', 'vic20'], 'must be one of windows'],
    ['three users', ['conformance', '--users', 'a,b,c'], 'must be at least four different names'],
    ['an unknown service', ['check-config', 'mail_server'], 'Allowed choices are login_server'],
  ])('tells wrong usage by status 2: %s', async (_, words, text) => {
    const { status, stderr, stdout } = await teamtalk(words);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
    expect(stdout).toBe('');
  });

  it('tells failures in one line, and with their stack for DEBUG', async () => {
    const words = ['send', '--as', 'a', '--to', 'b', '--server', '127.0.0.1:1', 'hello'];
    const plain = await teamtalk(words);
    expect(plain).toEqual({
      status: 1,
      stdout: '',
      stderr: 'teamtalk: cannot connect to 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n',
    });
    const debug = await teamtalk(words, { DEBUG: '1' });
    expect(debug.stderr).toMatch(/^teamtalk: ClientError: cannot connect[^\n]*\n {4}at /);
  });
});

describe('which installation', () => {
  let folder: string;

  async function inFolder(environment?: string): Promise<void> {
    folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-cli-'));
    await mkdir(path.join(folder, '.data', 'run'), { recursive: true });
    await mkdir(path.join(folder, 'below', 'it'), { recursive: true });
    if (environment) await writeFile(path.join(folder, '.data', 'run', 'environment.json'), environment);
    vi.spyOn(process, 'cwd').mockReturnValue(path.join(folder, 'below', 'it'));
  }

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is the one that runs in a parent folder, unless variables name another', async () => {
    await inFolder(
      '{"databaseUrl":"postgres://here:secret@127.0.0.1:1/db","natsUrl":"","loginServer":"http://127.0.0.1:2"}',
    );
    const none = { DATABASE_URL: '', TEAMTALK_LOGIN_SERVER: '' };
    expect((await teamtalk(['migrate', 'status'], none)).stderr).toContain('postgres://here@127.0.0.1:1/db');
    const listen = ['listen', '--as', 'a'];
    expect((await teamtalk(listen, none)).stderr).toContain(
      'login_server http://127.0.0.1:2 does not answer',
    );

    const others = {
      DATABASE_URL: 'postgres://there:secret@127.0.0.1:1/db',
      TEAMTALK_LOGIN_SERVER: 'http://127.0.0.1:3',
    };
    expect((await teamtalk(['migrate', 'status'], others)).stderr).toContain('postgres://there@');
    expect((await teamtalk(listen, others)).stderr).toContain('login_server http://127.0.0.1:3 does');
    const option = [...listen, '--login-server', 'http://127.0.0.1:4'];
    expect((await teamtalk(option, others)).stderr).toContain('login_server http://127.0.0.1:4 does');
  });

  it('has to be known for what needs the database', async () => {
    await inFolder();
    for (const words of [
      ['migrate', 'up'],
      ['user', 'list'],
      ['seed', '--users', '1'],
    ]) {
      const { status, stderr } = await teamtalk(words, { DATABASE_URL: '' });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^teamtalk: which database\? Set DATABASE_URL .*\n$/);
    }
  });

  it('is not guessed from a file that cannot be read', async () => {
    await inFolder('{');
    const { status, stderr } = await teamtalk(['migrate', 'up'], { DATABASE_URL: '' });
    expect(status).toBe(1);
    expect(stderr).toContain('environment.json cannot be read');
  });
});

describe('check-config', () => {
  // BASE_URL is one of login_server's; vitest sets it for purposes of its own.
  const good = { DATABASE_URL: 'postgres://127.0.0.1/db', BASE_URL: '' };

  it('says ok', async () => {
    expect(await teamtalk(['check-config'], good)).toEqual({ status: 0, stdout: 'ok\n', stderr: '' });
  });

  it('names every problem of every service, or of one', async () => {
    const bad = { ...good, NATS_URL: 'http://x', CLIENT_PORT: '99999' };
    const all = await teamtalk(['check-config'], bad);
    expect(all.status).toBe(1);
    expect(all.stderr).toContain('  msg_server: CLIENT_PORT: must be 0 to 65535\n');
    expect(all.stderr).toContain('  route_server: NATS_URL: ');
    const one = await teamtalk(['check-config', 'msg_server'], bad);
    expect(one.status).toBe(1);
    expect(one.stderr.match(/^ {2}\w+: \w+/gm)).toEqual([
      '  msg_server: NATS_URL',
      '  msg_server: CLIENT_PORT',
    ]);
  });
});

describe('the bin file', () => {
  it('says what to do when nothing is built', async () => {
    const text = await readFile(
      new URL('../../../../services/cli/bin/teamtalk.mjs', import.meta.url),
      'utf8',
    );
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-bin-'));
    try {
      await mkdir(path.join(folder, 'bin'));
      const file = path.join(folder, 'bin', 'teamtalk.mjs');
      await writeFile(file, text);
      const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      const before = process.exitCode;
      await import(/* @vite-ignore */ file);
      expect(process.exitCode).toBe(1);
      process.exitCode = before;
      expect(stderr).toHaveBeenCalledWith(expect.stringContaining('not built yet: run `npm run setup`'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
