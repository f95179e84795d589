import { loginFrame } from '@teamtalk/local-stack';
import { ClientType, encodeRawPdu } from '@teamtalk/protocol';
import type { Attack } from './attack.js';
import { memoryOf } from './memory.js';

/** Connections by the thousand from one address, each with bytes, before anybody is known. */
export const floods: readonly Attack[] = [
  {
    name: 'http-bodies',
    what: 'bodies of 1 MB to http_msg_server without a key (row 1)',
    full: 2_000,
    small: 200,
    envOf: () => ({}),
    run: (cluster, count) =>
      memoryOf(cluster, 'http_msg_server', async (attacker) => {
        const head = 'POST /query/SendP2PMessage HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n';
        const bytes = Buffer.concat([Buffer.from(head), Buffer.alloc(900_000, 'x')]);
        await attacker.flood(cluster.port('http_msg_server', 0, 'http'), count, () => bytes);
      }),
  },
  {
    name: 'file-bytes',
    what: '256 KB of an unfinished PDU to file_server before the login (row 1)',
    full: 4_000,
    small: 400,
    envOf: () => ({}),
    run: (cluster, count) =>
      memoryOf(cluster, 'file_server', async (attacker) => {
        const bytes = encodeRawPdu(0x0501, Buffer.alloc(262_000), 1).subarray(0, 261_000);
        await attacker.flood(cluster.port('file_server', 0, 'client'), count, () => bytes);
      }),
  },
  {
    name: 'login-bytes',
    what: '500 KB behind a login at msg_server (row 1)',
    full: 1_500,
    small: 300,
    envOf: (count) => ({ msg_server: { LOGIN_RATE: String(Math.ceil(count / 20)), LOGIN_BURST: '1' } }),
    run: (cluster, count) =>
      memoryOf(cluster, 'msg_server', async (attacker) => {
        const login = loginFrame({ name: 'nobody', password: 'wrong', clientType: ClientType.WINDOWS });
        const rest = encodeRawPdu(0x0301, Buffer.alloc(600_000), 2).subarray(0, 500_000);
        const bytes = Buffer.concat([login, rest]);
        await attacker.flood(cluster.port('msg_server', 0, 'client'), count, () => bytes);
      }),
  },
  {
    name: 'login-server',
    what: 'connections to login_server that begin a request (row 2)',
    full: 5_000,
    small: 500,
    envOf: () => ({}),
    run: (cluster, count) =>
      memoryOf(cluster, 'login_server', async (attacker) => {
        const bytes = Buffer.from(`GET /msg_server HTTP/1.1\r\nX-Filler: ${'x'.repeat(6_000)}`);
        await attacker.flood(cluster.port('login_server', 0, 'http'), count / 2, () => bytes);
        const pdu = encodeRawPdu(0x0101, Buffer.alloc(1_000), 1).subarray(0, 1_000);
        await attacker.flood(cluster.port('login_server', 0, 'tcp'), count / 2, () => pdu);
      }),
  },
];
