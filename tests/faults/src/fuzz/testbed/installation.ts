import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { type RawConnection, type ServiceName, serviceNames } from '@teamtalk/local-stack';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { consoleRoles, departmentRole } from '@teamtalk/rpc';
import type { ApiDocument } from '../inputs/api-requests.js';
import type { FileTask } from '../inputs/file-server.js';
import type { Keys } from '../inputs/http-msg-server.js';
import type { Known } from '../making/values.js';

const { FILE_TYPE_OFFLINE, FILE_TYPE_ONLINE } = IM.BaseDefine.TransferFileType;

/** Compiled, also when this file runs from its source. */
const probe = path.resolve(import.meta.dirname, '../../../dist/fuzz/memory-probe.js');

const texts = [
  'hello',
  'a longer text of several words',
  '语音',
  'u_00001',
  'puppet 1',
  '127.0.0.1:1',
  'db_proxy_server',
  'msg_server',
  'http://127.0.0.1/x.png',
];

/** Ids from here on are of users that no administration is asked for. */
const firstFuzzer = 500_000;
const firstOther = 1_000_000;
/** Apart from those of users: inputs take the one for the other. */
const firstGroup = 2_000_000;
const firstDepartment = 3_000_000;
const firstAccount = 4_000_000;
const firstSession = 5_000_000;
const firstHook = 6_000_000;

/** Open tasks of the couriers at most; file_server takes no more of one sender. */
const maxTasks = 60;

/** An installation to be fuzzed, with everybody in it. */
export class Installation {
  readonly cluster: TestCluster;
  readonly logFolder: string;
  /** what clients and apps that act as a user are told of */
  known!: Known;
  /** what administration and services are told of: nobody else */
  puppets!: Known;
  /** users that take no part, and what they have between them */
  bystanders!: { ids: readonly number[]; group: number };
  witnesses!: readonly [string, string];
  witnessIds!: readonly [number, number];
  fuzzers!: readonly string[];
  keys!: Keys;
  document!: ApiDocument;
  consoleDocument!: ApiDocument;
  /** session tokens of the console, one for each role */
  consoleSessions!: readonly string[];
  image!: Buffer;
  stored!: readonly string[];
  readonly tasks: FileTask[] = [];
  readonly #couriers: { connection: RawConnection; id: number }[] = [];

  static async start(fuzzers: number): Promise<Installation> {
    const logFolder = await mkdtemp(path.join(tmpdir(), 'teamtalk-fuzz-'));
    const options = ['--expose-gc', `--import=${pathToFileURL(probe).href}`];
    const cluster = await TestCluster.start({
      mode: 'processes',
      http_msg_server: 1,
      file_server: 1,
      login_server: 1,
      msfs: 1,
      web_server: 1,
      push_server: 1,
      admin_server: 1,
      env: { LOG_LEVEL: 'warn' },
      envOf: {
        http_msg_server: { HTTP_AUTH: 'keys' },
        admin_server: { WRITES_PER_SECOND: '10000' },
        push_server: {
          PUSH_SERVICE_URL: 'https://push.example.com',
          HTTP_HOST: '127.0.0.1',
          HTTP_PORT: '0',
        },
      },
      nodeOptionsOf: Object.fromEntries(serviceNames.map((name) => [name, options])),
      logFolder,
    });
    const installation = new Installation(cluster, logFolder);
    try {
      await installation.#populate(fuzzers);
      return installation;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: TestCluster, logFolder: string) {
    this.cluster = cluster;
    this.logFolder = logFolder;
  }

  get services(): readonly ServiceName[] {
    return this.cluster.services;
  }

  /** Keeps the couriers logged in, and arranges transfers in place of ended ones. */
  async arrangeTasks(count: number): Promise<void> {
    const [from, to] = this.#couriers;
    for (const { connection } of this.#couriers) {
      connection.received.length = 0;
      await connection.send(encodePdu(Commands.OtherHeartbeat, {}, 0));
    }
    for (let i = 0; i < count; i++) {
      const offline = i % 2 === 0;
      const request = {
        fromUserId: from!.id,
        toUserId: to!.id,
        fileName: 'file',
        fileSize: 40_000,
        transMode: offline ? FILE_TYPE_OFFLINE : FILE_TYPE_ONLINE,
      };
      await from!.connection.send(encodePdu(Commands.FileRequest, request, i + 1));
      const { taskId } = await from!.connection.receive(Commands.FileResponse, undefined, 30_000);
      if (!taskId) return;
      this.tasks.push({ id: taskId, from: from!.id, to: to!.id, offline });
      if (this.tasks.length > maxTasks) this.tasks.shift();
    }
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await rm(this.logFolder, { recursive: true, force: true });
  }

  async #populate(fuzzers: number): Promise<void> {
    const { cluster } = this;
    await this.#idsFrom('chat_group', firstGroup);
    await this.#idsFrom('department', firstDepartment);
    const puppetIds = Object.values(await cluster.addUsers(named('puppet', 20)));
    await this.#idsFrom('im_user', firstFuzzer);
    this.fuzzers = named('fuzzer', fuzzers);
    const fuzzerIds = Object.values(await cluster.addUsers(this.fuzzers));
    await this.#idsFrom('im_user', firstOther);
    const bystanders = named('bystander', 10);
    const bystanderIds = Object.values(await cluster.addUsers(bystanders));
    const witnessIds = Object.values(await cluster.addUsers(['witness 1', 'witness 2']));
    const courierIds = Object.values(await cluster.addUsers(['courier 1', 'courier 2']));
    this.witnesses = ['witness 1', 'witness 2'];
    this.witnessIds = witnessIds as [number, number];
    const group = await this.#haveAPast(bystanders, bystanderIds);
    const groups = await this.#groupsOf(this.fuzzers[0]!, fuzzerIds.slice(0, 8));
    const puppetGroups = await this.#groupsOf('puppet 0', puppetIds.slice(1, 8));
    this.bystanders = { ids: bystanderIds, group };
    const tasks: string[] = [];
    const others = [...bystanderIds, group, ...witnessIds];
    this.known = { users: fuzzerIds, groups: [...groups, group], others, texts, tasks };
    this.puppets = { users: puppetIds, groups: puppetGroups, others: puppetIds, texts, tasks: [] };
    for (const [k, id] of courierIds.entries()) {
      this.#couriers.push({ connection: await cluster.logInRaw(`courier ${k + 1}`), id });
    }
    await this.#apps(puppetIds[0]!);
    await this.#console();
    await this.#images();
    await this.arrangeTasks(10);
  }

  async #idsFrom(table: string, first: number): Promise<void> {
    await this.cluster.sql(`ALTER TABLE ${table} ALTER COLUMN id RESTART WITH ${first}`);
  }

  /** Bystanders with a group, messages, settings and a department. @returns the group */
  async #haveAPast(names: readonly string[], ids: readonly number[]): Promise<number> {
    const { cluster } = this;
    const client = await cluster.connect(names[0]!);
    const group = await createGroup(client, ids.slice(1, 5));
    for (const session of [{ user: ids[1]! }, { user: ids[2]! }, { group }]) {
      await client.send(session, 'before');
    }
    await client.close();
    await cluster.sql(`INSERT INTO department (name) VALUES ('bystanders')`);
    await cluster.sql(`UPDATE im_user SET department_id = $1 WHERE id = ANY($2)`, [firstDepartment, ids]);
    await cluster.sql(`INSERT INTO device_token (user_id, client_type, token) VALUES ($1, 17, 'token')`, [
      ids[0],
    ]);
    return group;
  }

  async #groupsOf(owner: string, members: number[]): Promise<number[]> {
    const client = await this.cluster.connect(owner);
    const groups: number[] = [];
    for (let i = 0; i < 4; i++) groups.push(await createGroup(client, members));
    await client.close();
    return groups;
  }

  async #apps(boundTo: number): Promise<void> {
    const { cluster } = this;
    const own = ['p2p', 'broadcast', 'group', 'history', 'presence', 'session', 'device'];
    const administration = [
      'users:read',
      'users:write',
      'groups:admin',
      'sessions:admin',
      'devices:admin',
      'bots:admin',
      'discovery:read',
      'discovery:write',
      'statistics',
    ];
    await this.#idsFrom('hook', firstHook);
    const admin = await cluster.addApp('admin', { permissions: [...own, ...administration] });
    this.keys = {
      admin,
      bound: await cluster.addApp('bound', { permissions: own, userId: boundTo }),
      hook: await this.#hook(admin, boundTo),
    };
    const response = await fetch(`${cluster.url('http_msg_server')}/v1/openapi.json`);
    this.document = (await response.json()) as ApiDocument;
  }

  /** @returns the path of a hook that posts to a user */
  async #hook(key: string, userId: number): Promise<string> {
    const post = async (path: string, body: object) => {
      const response = await fetch(`${this.cluster.url('http_msg_server')}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { user_id: number; path: string };
    };
    const { user_id: bot } = await post('/v1/bots', { name: 'a bot' });
    const wanted = { name: 'a hook', bot_id: bot, to: `user:${userId}`, any_receiver: true, rate: 1_000 };
    return (await post('/v1/hooks', wanted)).path;
  }

  /** Creates sessions whose accounts have ids that no input names, so that none ends them. */
  async #console(): Promise<void> {
    const { cluster } = this;
    await this.#idsFrom('console_account', firstAccount);
    await this.#idsFrom('console_session', firstSession);
    const [department] = await cluster.sql<{ id: number }>(
      `INSERT INTO department (name) VALUES ('of the console') RETURNING id`,
    );
    const tokens: string[] = [];
    for (const role of consoleRoles) {
      const token = randomBytes(32).toString('base64url');
      await cluster.sql(
        `WITH account AS (
          INSERT INTO console_account (name, role, department_id, password_hash) VALUES ($1, $1, $2, '!') RETURNING id)
        INSERT INTO console_session (token_hash, account_id, address, user_agent) SELECT $3, id, '', '' FROM account`,
        [role, role === departmentRole ? department!.id : null, createHash('sha256').update(token).digest()],
      );
      tokens.push(token);
    }
    this.consoleSessions = tokens;
    const response = await fetch(`${cluster.url('admin_server')}/admin/v1/openapi.json`);
    this.consoleDocument = (await response.json()) as ApiDocument;
  }

  async #images(): Promise<void> {
    // A GIF of one pixel.
    this.image = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(this.image)]), 'x.gif');
    const response = await fetch(this.cluster.url('msfs'), { method: 'POST', body: form });
    this.stored = [((await response.json()) as { path: string }).path];
  }
}

function named(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, k) => `${name} ${k}`);
}
