import path from 'node:path';
import { PatroniCluster } from '@teamtalk/local-stack';
import { type Backend, local, type ServerProcess } from './backend.js';

/** Two PostgreSQL servers with Patroni, which decides which one is the primary. */
export class PatroniFailover implements Backend {
  readonly addresses;
  readonly cluster: PatroniCluster;

  static async start(dir: string): Promise<PatroniFailover> {
    return new PatroniFailover(await PatroniCluster.start(path.join(dir, 'patroni')));
  }

  private constructor(cluster: PatroniCluster) {
    this.cluster = cluster;
    this.addresses = cluster.ports.map((port) => () => [local(port)]);
  }

  current() {
    return [local(this.cluster.ports[this.cluster.leader] ?? 0)];
  }

  urlAt(ports: readonly number[]): string {
    const url = new URL(this.cluster.urlAt(0));
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
    const attributes = ports.length > 1 ? '?target_session_attrs=read-write' : '';
    return `postgres://${url.username}:${url.password}@${hosts}${url.pathname}${attributes}`;
  }

  /** @param k 0: the leader, which "starts" after a kill when Patroni has elected another one; 1: its standby */
  process(k: number): ServerProcess {
    const { cluster } = this;
    let killed = 0;
    return {
      name: 'postgres',
      async kill() {
        killed = k === 0 ? cluster.leader : 1 - cluster.leader;
        await cluster.kill(killed);
      },
      async start() {
        await cluster.startNode(killed);
        await cluster.untilSynchronous();
      },
      signal() {
        throw new Error('a Patroni node can only be killed');
      },
    };
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}
