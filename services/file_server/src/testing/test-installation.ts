import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bus, topics } from '@teamtalk/bus';
import { RawConnection, type TestNats, testNats } from '@teamtalk/local-stack';
import { type Command, Commands, decodeBody, encodePdu, IM, type PropertiesOf } from '@teamtalk/protocol';
import { createLogger, Metrics, type Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startFileServer } from '../service.js';
import { FakeDbProxy } from './fake-db-proxy.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

export const Role = {
  sender: IM.BaseDefine.ClientFileRole.CLIENT_REALTIME_SENDER,
  receiver: IM.BaseDefine.ClientFileRole.CLIENT_REALTIME_RECVER,
  upload: IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_UPLOAD,
  download: IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_DOWNLOAD,
} as const;

type RoleNumber = (typeof Role)[keyof typeof Role];

/** The two users of every transfer. */
export const from = 1;
export const to = 2;

/** One side of a transfer, controlled PDU by PDU. */
export class Side {
  readonly raw: RawConnection;
  readonly userId: number;
  readonly taskId: string;

  constructor(raw: RawConnection, userId: number, taskId: string) {
    this.raw = raw;
    this.userId = userId;
    this.taskId = taskId;
  }

  send<P extends object>(command: Command<object, P>, message: NoInfer<P>, seqNum = 1): Promise<void> {
    return this.raw.send(encodePdu(command, message, seqNum));
  }

  async expect<M extends object>(command: Command<M, never>): Promise<M & { seqNum: number }> {
    const pdu = await this.raw.next();
    if (pdu.commandId !== command.id)
      throw new Error(`0x${pdu.commandId.toString(16)} instead of ${command.name}`);
    return Object.assign(decodeBody(command, pdu.body), { seqNum: pdu.seqNum });
  }

  async logIn(fileRole: RoleNumber, seqNum = 9): Promise<number> {
    const { userId, taskId } = this;
    await this.send(Commands.FileLoginReq, { userId, taskId, fileRole }, seqNum);
    return (await this.expect(Commands.FileLoginRes)).resultCode;
  }

  pull(offset: number, dataSize: number, seqNum = 5): Promise<void> {
    const { userId, taskId } = this;
    return this.send(
      Commands.FilePullDataReq,
      { taskId, userId, transMode: FILE_TYPE_ONLINE, offset, dataSize },
      seqNum,
    );
  }

  data(
    offset: number,
    fileData: Uint8Array,
    more: Partial<PropertiesOf<typeof Commands.FilePullDataRsp>> = {},
  ) {
    const { userId, taskId } = this;
    return this.send(
      Commands.FilePullDataRsp,
      { resultCode: 0, taskId, userId, offset, fileData, ...more },
      7,
    );
  }

  state(state: IM.BaseDefine.ClientFileState): Promise<void> {
    const { userId, taskId } = this;
    return this.send(Commands.FileState, { state, taskId, userId });
  }

  /** Answers the server's pulls from `content` until another PDU arrives. @returns how many there were */
  async answerPulls(content: Buffer, most = Number.POSITIVE_INFINITY): Promise<number> {
    for (let count = 0; count < most; count++) {
      const pdu = await this.raw.next();
      if (pdu.commandId !== Commands.FilePullDataReq.id) {
        this.raw.received.unshift(pdu);
        return count;
      }
      const { offset, dataSize } = decodeBody(Commands.FilePullDataReq, pdu.body);
      await this.data(offset, content.subarray(offset, offset + dataSize));
    }
    return most;
  }

  /** Pulls everything from `offset` on. */
  async pullAll(size: number, offset = 0): Promise<Buffer> {
    const blocks: Buffer[] = [];
    for (let at = offset; at < size; at += 32_768) {
      await this.pull(at, Math.min(32_768, size - at));
      const { resultCode, fileData } = await this.expect(Commands.FilePullDataRsp);
      if (resultCode !== 0) throw new Error(`a pull was refused: ${resultCode}`);
      blocks.push(Buffer.from(fileData));
    }
    return Buffer.concat(blocks);
  }
}

/** File_servers on one store, with a fake db_proxy_server and msg_server. */
export class TestInstallation {
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly db: FakeDbProxy;
  readonly folder: string;
  /** Where users are logged in from. */
  readonly sessions = new Map<number, string[]>([
    [from, ['127.0.0.1']],
    [to, ['127.0.0.1']],
  ]);
  /** When set, logins of users are reported only after it resolves. */
  held: Promise<void> | undefined;
  readonly #services: Service[] = [];

  static async start(): Promise<TestInstallation> {
    const nats = await testNats();
    const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
    const bus = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-files-'));
    return new TestInstallation(nats, bus, await FakeDbProxy.start(bus), folder);
  }

  private constructor(nats: TestNats, bus: Bus, db: FakeDbProxy, folder: string) {
    this.nats = nats;
    this.bus = bus;
    this.db = db;
    this.folder = folder;
    bus.answer(topics.userSessions, async ({ userId }) => {
      await this.held;
      const addresses = this.sessions.get(userId);
      return addresses && { addresses };
    });
  }

  async fileServer(env: NodeJS.ProcessEnv = {}): Promise<Service> {
    const service = await startFileServer(
      loadConfig({
        LOG_LEVEL: 'silent',
        NATS_URL: this.nats.url,
        NATS_PREFIX: this.nats.prefix,
        OPS_PORT: '0',
        CLIENT_PORT: '0',
        WS_PORT: '0',
        STORAGE_DIR: this.folder,
        ...env,
      }),
    );
    this.#services.push(service);
    return service;
  }

  /** Requests a transfer as a msg_server does. */
  async task(fileSize: number, mode: 'online' | 'offline'): Promise<string> {
    const transMode = mode === 'online' ? FILE_TYPE_ONLINE : FILE_TYPE_OFFLINE;
    const request = { fromUserId: from, toUserId: to, fileName: 'a.txt', fileSize, transMode };
    return (await this.bus.request(topics.fileTask, request, 10_000)).taskId;
  }

  async side(service: Service, userId: number, taskId: string): Promise<Side> {
    return new Side(await RawConnection.open(service.ports.client!), userId, taskId);
  }

  /** Like `side`, and logs in. */
  async enter(service: Service, userId: number, taskId: string, role: RoleNumber): Promise<Side> {
    const side = await this.side(service, userId, taskId);
    const resultCode = await side.logIn(role);
    if (resultCode !== 0) throw new Error(`the login was refused: ${resultCode}`);
    return side;
  }

  /** All blobs, in the order of their names. */
  async blobs(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.db.stop();
    await this.bus.drain();
    await rm(this.folder, { recursive: true });
  }
}

export async function metricsOf(service: Service): Promise<string> {
  return (await fetch(`http://127.0.0.1:${service.ports.ops}/metrics`)).text();
}
