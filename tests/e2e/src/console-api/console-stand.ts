import { randomBytes, randomUUID } from 'node:crypto';
import { type ClusterOptions, TestCluster } from '@teamtalk/cluster';
import { inviteToConsole, openDataSource } from '@teamtalk/db_proxy_server';
import { type ConsoleRole, departmentRole } from '@teamtalk/rpc';
import { ConsoleClient } from './console-client.js';

export const consolePassword = 'correct horse battery';

/** An installation with a console. */
export class ConsoleStand {
  readonly cluster: TestCluster;
  #department: number | undefined;

  /** @param storeEnv variables of db_proxy_server. @param services further services, and their variables */
  static async start(
    env: Record<string, string> = {},
    storeEnv: Record<string, string> = {},
    { envOf: others, ...services }: ClusterOptions = {},
  ): Promise<ConsoleStand> {
    const envOf = {
      ...others,
      admin_server: { WRITES_PER_SECOND: '10000', ...env },
      db_proxy_server: { CONSOLE_SECRETS_KEY: randomBytes(32).toString('hex'), ...storeEnv },
    };
    return new ConsoleStand(await TestCluster.start({ ...services, admin_server: 1, envOf }));
  }

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  client(): ConsoleClient {
    return new ConsoleClient(this.cluster.url('admin_server'));
  }

  /** A setup token, created as by `teamtalk console invite`. */
  async invite(name: string, role?: string, email?: string): Promise<string> {
    const dataSource = await openDataSource(this.cluster.database.url);
    try {
      const departmentId = role === departmentRole ? await this.department() : null;
      const account = { name, departmentId, ...(role && { role }), ...(email && { email }) };
      return (await inviteToConsole(dataSource, account)).token;
    } finally {
      await dataSource.destroy();
    }
  }

  /** The department of the department administrators. */
  async department(): Promise<number> {
    if (this.#department === undefined) {
      const [row] = await this.cluster.sql<{ id: number }>(
        `INSERT INTO department (name) VALUES ('root') RETURNING id`,
      );
      this.#department = row?.id;
    }
    return this.#department ?? 0;
  }

  /** A browser in which a new account has logged in. */
  async member(role: ConsoleRole, name = `${role} ${randomUUID()}`, origin?: string): Promise<ConsoleClient> {
    const client = this.client();
    if (origin) client.origin = origin;
    const token = await this.invite(name, role);
    await client.done('setUp', { body: { token, password: consolePassword } });
    return client;
  }

  /** The events after an id, except those of background work, which may finish at any time. */
  eventsSince(id: number): Promise<{ actor: string; source: string; verb: string }[]> {
    return this.cluster.sql(
      `SELECT actor, source, verb FROM audit_event WHERE id > $1 AND actor <> 'db_proxy_server' ORDER BY id`,
      [id],
    );
  }

  /** The id of the newest event. */
  async newestEvent(): Promise<number> {
    const [head] = await this.cluster.sql<{ id: number }>('SELECT id::int4 FROM audit_head');
    return head?.id ?? 0;
  }
}
