import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate, natsPassword } from '@teamtalk/cluster';
import {
  FaultProxy,
  type Infrastructure,
  type PatroniCluster,
  type PostgresPair,
  type TestDatabase,
  type TestNats,
} from '@teamtalk/local-stack';
import type { Backend, ServerProcess } from './servers/backend.js';
import { NatsNodes, SingleNats } from './servers/nats.js';
import { PatroniFailover } from './servers/patroni.js';
import { PostgresFailover, SinglePostgres } from './servers/postgres.js';

export interface ChaosServersOptions {
  /** PostgreSQL's data is on its own file system of 400 MB; needs the right to mount one */
  smallDisk?: boolean;
  /**
   * a PostgreSQL primary with a synchronous standby and a NATS cluster of three, instead of one server each; not with
   * a small disk
   */
  ha?: boolean;
  /** Patroni decides which of the two PostgreSQL servers is the primary */
  patroni?: boolean;
}

/**
 * PostgreSQL and NATS of one testbed. The testbed's own connections go through proxies without faults, whose ports
 * stay the same when a server comes back on another one.
 */
export class ChaosServers implements Infrastructure {
  /** the file system of PostgreSQL's data, if it has its own */
  readonly disk: string | undefined;
  readonly #backends: Readonly<Record<'postgres' | 'nats', Backend>>;
  readonly #ways: Readonly<Record<'postgres' | 'nats', FaultProxy>>;
  readonly #cleanUps: readonly (() => Promise<unknown>)[];

  static async start({
    smallDisk = false,
    ha: wanted = false,
    patroni = false,
  }: ChaosServersOptions = {}): Promise<ChaosServers> {
    const ha = (wanted || patroni) && !smallDisk;
    const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
    const cleanUps = [() => rm(dir, { recursive: true, force: true })];
    try {
      // PostgreSQL may run as another user, who has to reach its data.
      await chmod(dir, 0o711);
      const disk = smallDisk ? await mountDisk(dir) : undefined;
      if (disk) cleanUps.push(async () => void execFileSync('umount', [disk]));
      const postgres = !ha
        ? await SinglePostgres.start(path.join(disk ?? dir, 'postgres'), path.join(dir, 'postgres.log'))
        : await (patroni ? PatroniFailover : PostgresFailover).start(dir);
      cleanUps.push(() => postgres.stop());
      const nats = ha ? await NatsNodes.start() : await SingleNats.start(dir);
      cleanUps.push(() => nats.stop());
      const ways = {
        postgres: await FaultProxy.start(() => postgres.current()),
        nats: await FaultProxy.start(() => nats.current()),
      };
      for (const way of Object.values(ways)) cleanUps.push(() => way.close());
      await migrate(postgres.urlAt([ways.postgres.port]));
      return new ChaosServers(disk, { postgres, nats }, ways, cleanUps);
    } catch (error) {
      await runBackwards(cleanUps);
      throw error;
    }
  }

  private constructor(
    disk: string | undefined,
    backends: Readonly<Record<'postgres' | 'nats', Backend>>,
    ways: Readonly<Record<'postgres' | 'nats', FaultProxy>>,
    cleanUps: readonly (() => Promise<unknown>)[],
  ) {
    this.disk = disk;
    this.#backends = backends;
    this.#ways = ways;
    this.#cleanUps = cleanUps;
  }

  backend(name: 'postgres' | 'nats'): Backend {
    return this.#backends[name];
  }

  /** undefined: there is only one PostgreSQL */
  get pair(): PostgresPair | undefined {
    const { postgres } = this.#backends;
    return postgres instanceof PostgresFailover ? postgres.pair : undefined;
  }

  /** undefined without Patroni */
  get patroni(): PatroniCluster | undefined {
    const { postgres } = this.#backends;
    return postgres instanceof PatroniFailover ? postgres.cluster : undefined;
  }

  /** @param k which of several; ignored where there is only one */
  process(name: 'postgres' | 'nats', k = 0): ServerProcess {
    return this.#backends[name].process(k);
  }

  async nats(): Promise<TestNats> {
    const url = this.#backends.nats.urlAt([this.#ways.nats.port]);
    return { url, prefix: 'chaos', servicePassword: natsPassword };
  }

  async database(): Promise<TestDatabase> {
    const url = this.#backends.postgres.urlAt([this.#ways.postgres.port]);
    return { name: new URL(url).pathname.slice(1), url, drop: async () => {} };
  }

  async close(): Promise<void> {
    await runBackwards(this.#cleanUps);
  }
}

async function runBackwards(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const work of works.toReversed()) await work();
}

/** @throws Error when it may not be mounted, or there is no tmpfs on this system */
async function mountDisk(dir: string): Promise<string> {
  const disk = path.join(dir, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0755', 'tmpfs', disk]);
  return disk;
}
