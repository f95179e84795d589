import type { TestCluster } from '@teamtalk/cluster';
import type { ServiceName } from '@teamtalk/local-stack';
import { type Fault, pause } from './fault.js';

const replicas = 2;

/** kill -9 of one replica, and a new start; the other one works alone meanwhile. */
export function kill(service: ServiceName): Fault {
  return {
    name: `kill-${service}`,
    title: `kill -9 of a ${service}`,
    rounds: 20,
    async inject({ cluster }, { index, ended }) {
      const k = index % replicas;
      await cluster.kill(service, k, 'SIGKILL');
      ended();
      await cluster.restart(service, k);
    },
  };
}

/** One replica is suspended, as in a paused virtual machine, and continues. */
export function freeze(service: ServiceName, ms: number): Fault {
  return {
    name: `freeze-${service}`,
    title: `SIGSTOP of a ${service} for ${ms / 1000} s`,
    rounds: 2,
    async inject({ cluster }, { index, ended }) {
      const k = service === 'msg_server' ? await fullest(cluster) : index % replicas;
      await cluster.kill(service, k, 'SIGSTOP');
      await pause(ms);
      await cluster.kill(service, k, 'SIGCONT');
      ended();
    },
  };
}

/** The msg_server with the most clients. */
async function fullest(cluster: TestCluster): Promise<number> {
  const connections = await Promise.all([0, 1].map((k) => cluster.metric('msg_server', k, 'connections')));
  return connections[0]! > connections[1]! ? 0 : 1;
}

/** Every process is stopped gracefully and started again, one after the other. */
export const rollingRestart: Fault = {
  name: 'rolling-restart',
  title: 'SIGTERM and start of everything in turn',
  rounds: 5,
  async inject({ cluster }, { ended }) {
    for (const service of cluster.services) {
      for (let k = 0; k < replicas; k++) {
        await cluster.stopNode(service, k);
        await cluster.restart(service, k);
      }
    }
    ended();
  },
};
