import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTextCodec, DEFAULT_TEXT_KEY, IM, type Pdu, PduDecoder } from '@teamtalk/protocol';
import { OriginalFileServer } from './original-file-server.js';
import { OriginalMsgServer } from './original-msg-server.js';
import { OriginalStore } from './original-store.js';

const host = '127.0.0.1';
/** The original has no frame limit. */
const noLimit = 0xffff_ffff;

export interface OriginalOptions {
  names: readonly string[];
  password: string;
  /** A PDU that kills the msg_server that gets it, or the db_proxy_server behind all of them. */
  killedBy?: (pdu: Pdu) => 'msg_server' | 'db_proxy_server' | undefined;
  /** Requests left unanswered, besides those that no original answers. */
  silentTo?: readonly number[];
  /** Milliseconds until a killed server is started again; undefined: it stays down. */
  awayMs?: number | undefined;
}

/**
 * An installation that answers as the original C++ servers do, defects included, on sockets of its own: two
 * msg_servers, a file_server, login_server, http_msg_server and msfs.
 */
export class FakeOriginal {
  readonly #options: OriginalOptions;
  readonly #store: OriginalStore;
  readonly #files = new OriginalFileServer();
  readonly #msgServer: OriginalMsgServer;
  readonly #servers: Listener[] = [];
  readonly #images = new Map<string, Buffer>();
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** How often a server was killed. */
  deaths = 0;

  static async start(options: OriginalOptions): Promise<FakeOriginal> {
    const original = new FakeOriginal(options);
    await original.#start();
    return original;
  }

  private constructor(options: OriginalOptions) {
    this.#options = options;
    const codec = createTextCodec(DEFAULT_TEXT_KEY);
    this.#store = new OriginalStore(options.names, options.password, (plain) => codec.encrypt(plain));
    this.#msgServer = new OriginalMsgServer(this.#store, this.#files);
  }

  /** What `runConformance` needs of it. */
  get target() {
    const [first, second, , login, http, msfs] = this.#servers.map(({ port }) => port);
    const url = (port?: number) => `http://${host}:${port}`;
    return {
      servers: [first, second].map((port) => ({ host, port: port! })),
      loginHttp: url(login),
      http: url(http),
      msfs: url(msfs),
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #start(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      const listener: Listener = new Listener(
        createServer({ noDelay: true }, (socket) => this.#client(socket, listener)),
      );
      this.#servers.push(listener);
    }
    const files = new Listener(
      createServer({ noDelay: true }, (socket) => eachPdu(socket, (pdu) => this.#files.handle(socket, pdu))),
    );
    this.#servers.push(files);
    for (const handle of [this.#login, this.#http, this.#msfs]) {
      this.#servers.push(
        new Listener(createHttpServer((request, response) => void handle.call(this, request, response))),
      );
    }
    for (const server of this.#servers) await server.listen();
    this.#files.address = { ip: host, port: files.port };
  }

  #client(socket: Socket, listener: Listener): void {
    const connection = this.#msgServer.add(socket);
    socket.on('close', () => this.#msgServer.remove(connection));
    eachPdu(socket, (pdu) => {
      const victim = this.#options.killedBy?.(pdu);
      if (victim === 'msg_server') void this.#die(listener);
      else if (victim === 'db_proxy_server') this.#loseStore();
      else if (!this.#options.silentTo?.includes(pdu.commandId)) this.#msgServer.handle(connection, pdu);
    });
  }

  /** Logins fail, with no other sign; recovers once a login has been refused. */
  #loseStore(): void {
    this.deaths++;
    this.#msgServer.refusals = 3;
  }

  async #die(listener: Listener): Promise<void> {
    this.deaths++;
    await listener.close();
    const { awayMs } = this.#options;
    if (awayMs === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => void listener.listen(), awayMs);
  }

  async #login(_: IncomingMessage, response: ServerResponse): Promise<void> {
    const [first] = this.#servers;
    const msfs = `${this.target.msfs}/`;
    const body = {
      code: 0,
      msg: '',
      priorIP: host,
      backupIP: host,
      msfsPrior: msfs,
      msfsBackup: msfs,
      discovery: '',
    };
    response.setHeader('content-type', 'text/html;charset=utf-8');
    response.end(JSON.stringify({ ...body, port: String(first!.port) }));
  }

  /** Serves CreateGroup and ChangeMembers; anything else closes the connection. */
  async #http(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = this.#api(request.url ?? '', await text(request));
    if (answer) response.end(JSON.stringify(answer));
    else request.socket.destroy();
  }

  #api(url: string, body: string): object | undefined {
    let call: {
      req_user_id: number;
      group_id: number;
      modify_type: number;
      group_name: string;
      user_id_list: number[];
    };
    try {
      call = JSON.parse(body);
    } catch {
      return undefined;
    }
    const { GROUP_TYPE_NORMAL } = IM.BaseDefine.GroupType;
    if (url.endsWith('/CreateGroup')) {
      const { id } = this.#store.createGroup(
        call.req_user_id,
        GROUP_TYPE_NORMAL,
        call.group_name,
        call.user_id_list,
      );
      return { error_code: 0, error_msg: '成功', group_id: id };
    }
    const groupId = Number(call.group_id);
    if (!url.endsWith('/ChangeMembers') || !this.#store.groups.has(groupId)) return undefined;
    const changeType = Number(call.modify_type) as IM.BaseDefine.GroupModifyType;
    const memberIds = call.user_id_list.map(Number);
    const changed = this.#msgServer.changeMembers(groupId, changeType === 1, memberIds);
    this.#msgServer.notifyOfChange({
      userId: call.req_user_id,
      changeType,
      groupId,
      ...changed,
    });
    return { error_code: 0, error_msg: '成功' };
  }

  /** Takes a POST at any path. Above 5 MiB it answers with success and an empty path, as the original does. */
  async #msfs(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      response.end(this.#images.get(request.url ?? ''));
      return;
    }
    const body = await new Response(request as unknown as ReadableStream, {
      headers: { 'content-type': request.headers['content-type']! },
    })
      .formData()
      .catch(() => new FormData());
    const file = [...body.values()].find((value) => typeof value !== 'string');
    const bytes = Buffer.from((await file?.arrayBuffer()) ?? new ArrayBuffer(0));
    // Of the file name only the size suffix is kept.
    const name = `${randomBytes(8).toString('hex')}${/_\d+x\d+\.\w+$/.exec(file?.name ?? '')?.[0] ?? '.jpeg'}`;
    const path = bytes.length > 5 * 1024 * 1024 ? '' : `g0/000/000/${name}`;
    if (path) this.#images.set(`/${path}`, bytes);
    const failure = { error_code: 1, error_msg: '失败' };
    response.setHeader('content-type', 'text/html;charset=utf-8');
    const url = path && `${this.target.msfs}/${path}`;
    const success = { error_code: 0, error_msg: '成功', path, url };
    response.end(JSON.stringify(bytes.length === 0 ? failure : success));
  }
}

/** A server that can be killed, and started again at the same port. */
class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  port = 0;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(this.port, host);
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function eachPdu(socket: Socket, handle: (pdu: Pdu) => void): void {
  const decoder = new PduDecoder(noLimit);
  socket.on('data', (chunk: Buffer) => {
    try {
      decoder.push(chunk);
      for (let pdu = decoder.nextOrHeartbeat(); pdu; pdu = decoder.nextOrHeartbeat()) {
        // Heartbeats are echoed in every state, even before login and after a kick.
        if ('frame' in pdu) socket.write(pdu.frame);
        else handle(pdu);
      }
    } catch {
      // The stream is unreadable from here on; the connection stays open.
    }
  });
}
