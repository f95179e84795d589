import type { Cluster, Heartbeat, Registry } from '@teamtalk/bus';

/** A msg_server for one client, or why there is none: none alive (draining ones do not count), or all full. */
export type Choice = { result: 'ok'; server: Heartbeat } | { result: 'none' | 'full' };

/**
 * The live msg_servers, and the choice of one for the next client: the one with the fewest connections, below its maximum
 * and not draining (client-behaviour.md#the-answer-of-login_server).
 *
 * A msg_server reports its connections once a second. Clients directed to it since then count as connections already;
 * otherwise all clients of that second would go to the same one.
 */
export class MsgServerDirectory {
  readonly #registry: Registry;
  readonly #givenSince = new Map<number, number>();

  constructor(cluster: Cluster) {
    this.#registry = cluster.follow('msg_server', {
      onChange: ({ instance }) => this.#givenSince.set(instance, 0),
      onGone: ({ instance }) => this.#givenSince.delete(instance),
    });
  }

  /** Resolves as soon as a msg_server is known, or after `ms` milliseconds without one. */
  async waitForOne(ms: number): Promise<void> {
    await this.#registry.waitFor(1, ms);
  }

  /** All live msg_servers, draining ones included. */
  all(): Heartbeat[] {
    return this.#registry.all();
  }

  /** Chooses a msg_server and counts one more connection for it. */
  choose(): Choice {
    let chosen: Heartbeat | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    let result: 'none' | 'full' = 'none';
    for (const server of this.#registry.all()) {
      if (server.draining || !server.ip1 || server.port === 0) continue;
      result = 'full';
      const connections = server.connections + this.#given(server.instance);
      if (connections >= server.maxConnections || connections >= fewest) continue;
      chosen = server;
      fewest = connections;
    }
    if (!chosen) return { result };
    this.#givenSince.set(chosen.instance, this.#given(chosen.instance) + 1);
    return { result: 'ok', server: chosen };
  }

  #given(instance: number): number {
    return this.#givenSince.get(instance) ?? 0;
  }
}
