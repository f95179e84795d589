import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TestCluster } from '@teamtalk/cluster';
import { loginFrame, mainOf, RawConnection, type ServiceName, serviceNames } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { createLogger } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Part of no other word that a log may contain. */
const secret = 'zq7Xw1vK';
const textKey = secret.repeat(4);
const secrets = {
  TEXT_KEY: textKey,
  APP_KEYS: `${secret}-app-key`,
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`,
  S3_ACCESS_KEY_ID: `${secret}-id`,
  S3_SECRET_ACCESS_KEY: `${secret}-access`,
  MSFS_UPLOAD_AUTH: 'tokens',
  MSFS_UPLOAD_TOKENS: `${secret}-uploads`,
  PUSH_PROXY: `http://me:${secret}@127.0.0.1:9`,
};

interface Ended {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a service that cannot start. @param until its output at which it gets a SIGTERM */
async function ended(service: ServiceName, env: NodeJS.ProcessEnv, until?: RegExp): Promise<Ended> {
  const running = run(process.execPath, [mainOf(service)], { env, timeout: 30_000 });
  const { child } = running;
  child.stdout?.on('data', (text: string) => until?.test(text) && child.kill('SIGTERM'));
  return running.then(
    (output) => ({ ...output, code: 0 }),
    (error: Ended) => error,
  );
}

describe('a service whose stores are away', () => {
  it.each(serviceNames)(
    '%s says so at every log level without a secret',
    async (service: ServiceName) => {
      // Nothing listens here; a free port might be taken by another test.
      const port = 9;
      const env = {
        ...secrets,
        PATH: process.env.PATH,
        LOG_LEVEL: 'trace',
        OPS_PORT: '0',
        NATS_URL: `nats://me:${secret}@127.0.0.1:${port},nats://${secret}@127.0.0.1:${port}`,
        DATABASE_URL: `postgres://me:${secret}@127.0.0.1:${port}/x?password=${secret}`,
      };
      const { stdout, stderr, code } = await ended(
        service,
        env,
        /dependency unavailable.*127\.0\.0\.1|127\.0\.0\.1.*dependency unavailable/,
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/127\.0\.0\.1/);
      expect(stdout + stderr).not.toContain(secret);
    },
    40_000,
  );

  it('and one with settings that are wrong names them, not their values', async () => {
    const env = { TEXT_KEY: secret, DATABASE_URL: `mysql://me:${secret}@db`, NATS_USER: secret };
    const failure = await ended('db_proxy_server', env);
    expect(failure).toMatchObject({ code: 78 });
    expect(failure.stderr).toContain('TEXT_KEY: ');
    expect(failure.stdout + failure.stderr).not.toContain(secret);
  });
});

it('services that work log no secret, no text and no name of a refused login, at any level', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'all', instance: 1, level: 'trace', destination });
  const env = { ...secrets, HTTP_AUTH: 'keys' };
  const cluster = await TestCluster.start({ env, log, http_msg_server: 1, file_server: 1, msfs: 1 });
  try {
    const ids = await cluster.addUsers(['a', 'b']);
    const [a, b] = [
      await cluster.connect('a', { client: { textKey } }),
      await cluster.connect('b', { client: { textKey } }),
    ];
    await a.send({ user: ids.b ?? 0 }, `text ${secret}`);
    await b.nextMessage();
    const body = JSON.stringify({
      app_key: secrets.APP_KEYS,
      from_user_id: ids.a,
      session_id: ids.b,
      msg: `push ${secret}`,
    });
    const url = `${cluster.url('http_msg_server')}/query/SendP2PMessage`;
    const answer = await fetch(url, { method: 'POST', body });
    expect(await answer.json()).toMatchObject({ error_code: 0 });
    const refused = await fetch(url, { method: 'POST', body: body.replace('-app', '-none') });
    expect(await refused.json()).not.toMatchObject({ error_code: 0 });
    // Somebody who has typed their password into the wrong field.
    expect(await tryName(cluster, `my ${secret}`)).not.toBe(0);
    await cluster.settle();
  } finally {
    await cluster.stop();
  }
  const text = lines.join('');
  expect(text).toMatch(/"name":"[0-9a-f]{8}",[^\n]*"msg":"login refused"/);
  expect(text).toContain('message stored');
  expect(text).not.toContain(secret);
});

/** @returns the result code of a login under this name */
async function tryName(cluster: TestCluster, name: string): Promise<number> {
  const connection = await cluster.connectRaw();
  await connection.send(loginFrame({ name, password: 'x', clientType: ClientType.WINDOWS }));
  return (await connection.receive(Commands.LoginResUserlogin)).resultCode;
}

it('what clients of one address do wrong is a line a minute in the log, and counted', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'all', instance: 1, level: 'info', destination });
  const cluster = await TestCluster.start({ log, file_server: 1, login_server: 1 });
  const linesWith = (text: string) => lines.filter((line) => line.includes(`"msg":"${text}`)).length;
  const attempts = 20;
  try {
    const ports = [
      cluster.port('msg_server', 0, 'client'),
      cluster.port('file_server', 0, 'client'),
      cluster.port('login_server', 0, 'tcp'),
    ];
    for (const port of ports) {
      for (let i = 0; i < attempts; i++) {
        const connection = await RawConnection.open(port);
        // A length below that of the header.
        await connection.send(Buffer.alloc(16));
        await connection.closed;
      }
    }
    for (let i = 0; i < attempts; i++) await tryName(cluster, `nobody ${i}`);
    expect(linesWith('framing invalid')).toBe(3);
    expect(linesWith('login refused')).toBe(1);
    for (const service of ['msg_server', 'file_server', 'login_server', 'db_proxy_server'] as const) {
      expect(await cluster.metric(service, 0, 'client_log_lines_left_out_total'), service).toBe(attempts - 1);
    }
  } finally {
    await cluster.stop();
  }
});
