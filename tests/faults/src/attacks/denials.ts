import { deflateSync } from 'node:zlib';
import type { TestCluster } from '@teamtalk/cluster';
import { loginFrame, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { type Attack, apiKey, witnessName } from './attack.js';
import { Attacker, cpuSeconds } from './attacker.js';
import { p99, timesOf } from './times.js';
import { logInOnce } from './witnesses.js';

const apiCall = (cluster: TestCluster) => async () => {
  const response = await fetch(`${cluster.url('http_msg_server')}/query/SendP2PMessage?app_key=${apiKey}`, {
    method: 'POST',
    body: JSON.stringify({ from_user_id: 1, session_id: 2, msg: 'hello' }),
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(5_000),
  });
  await response.text();
};

async function logInFlood(cluster: TestCluster, attacker: Attacker, count: number): Promise<void> {
  await attacker.flood(cluster.port('msg_server', 0, 'client'), count, (i) =>
    loginFrame({ name: `nobody ${i}`, password: 'wrong', clientType: ClientType.WINDOWS }),
  );
}

/** Others are kept out: of the API, of uploads, of logins, of thumbnails. */
export const denials: readonly Attack[] = [
  {
    name: 'idle-http',
    what: 'idle connections to http_msg_server: does the API answer? (row 2)',
    full: 2_000,
    small: 200,
    envOf: (count) => ({ http_msg_server: { MAX_CONNECTIONS: String(count), REQUEST_TIMEOUT_MS: '20000' } }),
    run: async (cluster, count) => {
      const attacker = new Attacker();
      await attacker.flood(cluster.port('http_msg_server', 0, 'http'), count, () => 'POST /');
      const times = await timesOf(10, apiCall(cluster), 5_000);
      attacker.close();
      return { 'answered of 10': times.filter((ms) => ms < 5_000).length, 'p99, ms': p99(times) };
    },
  },
  {
    name: 'slow-uploads',
    what: 'slow uploads to msfs: does it take another one? (row 2)',
    full: 500,
    small: 50,
    envOf: (count) => ({ msfs: { MAX_UPLOADS: String(count) } }),
    run: async (cluster, count) => {
      await cluster.logInRaw(witnessName);
      const attacker = new Attacker();
      const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n';
      await attacker.flood(
        cluster.port('msfs', 0, 'http'),
        count,
        () => `${head}Content-Length: 99999\r\n\r\n-`,
      );
      const statuses: number[] = [];
      for (let i = 0; i < 10; i++) {
        // A refusal may end the connection while the upload is being sent.
        const status = upload(cluster, png(10, 10)).then(
          (response) => response.status,
          () => 0,
        );
        statuses.push(await status);
      }
      attacker.close();
      return { 'taken of 10': statuses.filter((status) => status === 200).length };
    },
  },
  {
    name: 'login-queue',
    what: 'logins from one address: how long does another one take? (row 2)',
    full: 3_000,
    small: 300,
    envOf: (count) => ({
      msg_server: { LOGIN_RATE: String(Math.ceil(count / 10)), LOGIN_BURST: String(Math.ceil(count / 10)) },
    }),
    run: async (cluster, count) => {
      const quiet = await timesOf(5, () => logInOnce(cluster));
      const attacker = new Attacker();
      await logInFlood(cluster, attacker, count);
      const times = await timesOf(5, () => logInOnce(cluster), 20_000);
      attacker.close();
      return { 'quiet p99, ms': p99(quiet), 'p99, ms': p99(times) };
    },
  },
  {
    name: 'lock-out',
    what: 'strangers try a name: does its user get in where they are known? (row 3)',
    full: 200,
    small: 60,
    envOf: () => ({ msg_server: { LOGIN_RATE: '0' } }),
    run: async (cluster, count) => {
      await logInOnce(cluster);
      const strangers = Array.from({ length: count }, (_, i) => new Attacker(`127.0.1.${(i % 250) + 1}`));
      const guess = loginFrame({ name: witnessName, password: 'wrong', clientType: ClientType.WINDOWS });
      const port = cluster.port('msg_server', 0, 'client');
      const guesses = Promise.all(strangers.map((stranger) => stranger.openOne(port, guess)));
      const times = await timesOf(5, () => logInOnce(cluster));
      await guesses;
      for (const stranger of strangers) stranger.close();
      return { 'in of 5': times.filter((ms) => ms < 10_000).length, 'p99, ms': p99(times) };
    },
  },
  {
    name: 'thumbnails',
    what: 'ever other sizes of one PNG: CPU, and what others get (row 9)',
    full: 500,
    small: 60,
    envOf: () => ({ msfs: { THUMBNAIL_MAX_WAITING: '100' } }),
    run: async (cluster, count) => {
      await cluster.logInRaw(witnessName);
      const own = await stored(cluster, png(4_000, 4_000));
      const others = await stored(cluster, png(200, 200));
      const { pid } = cluster.node('msfs');
      const before = cpuSeconds(pid);
      const attacker = new Attacker();
      await attacker.flood(cluster.port('msfs', 0, 'http'), count, (i) => {
        const side = 1_000 - (i % 900);
        return `GET /${own}_${side}x${side}.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      });
      const times = await timesOf(
        5,
        async () => {
          const url = `${cluster.url('msfs')}/${others}_${50}x${50}.jpg`;
          const { ok } = await fetch(url, { signal: AbortSignal.timeout(10_000) });
          if (!ok) throw new Error('refused');
        },
        10_000,
      );
      await waitUntil(() => attacker.open === 0, { what: 'all are answered', timeoutMs: 120_000 });
      return {
        'CPU, s': Number((cpuSeconds(pid) - before).toFixed(1)),
        'others answered of 5': times.filter((ms) => ms < 10_000).length,
        'others p99, ms': p99(times),
      };
    },
  },
];

/** @returns the path of an image that was uploaded */
async function stored(cluster: TestCluster, content: Buffer): Promise<string> {
  const response = await upload(cluster, content);
  if (!response.ok) throw new Error(`the upload was refused: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { path: string }).path;
}

/** As the witness, who is logged in at this address. */
async function upload(cluster: TestCluster, content: Buffer): Promise<Response> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(content)]), 'x.png');
  return fetch(cluster.url('msfs'), { method: 'POST', body: form });
}

/** A black PNG, one byte a pixel. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(content.length);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc((1 + width) * height))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
