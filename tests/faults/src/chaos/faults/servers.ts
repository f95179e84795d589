import { stopProcess } from '@teamtalk/local-stack';
import { type Fault, pause } from './fault.js';

/** How long PostgreSQL or NATS is away after a kill, besides the time it takes to start, milliseconds. */
const awayMs = 1_000;

export const killPostgres: Fault = {
  name: 'kill-postgres',
  title: 'kill -9 of PostgreSQL, started again after 1 s',
  rounds: 5,
  async inject({ servers }, { ended }) {
    await servers.postgres.kill();
    await pause(awayMs);
    await servers.startPostgres();
    ended();
  },
};

export function freezePostgres(ms: number): Fault {
  return {
    name: 'freeze-postgres',
    title: `SIGSTOP of PostgreSQL for ${ms / 1000} s`,
    rounds: 2,
    async inject({ servers }, { ended }) {
      servers.postgres.signal('SIGSTOP');
      await pause(ms);
      servers.postgres.signal('SIGCONT');
      ended();
    },
  };
}

export const killNats: Fault = {
  name: 'kill-nats',
  title: 'kill -9 of NATS, started again after 1 s',
  rounds: 5,
  async inject({ servers }, { ended }) {
    await stopProcess(servers.natsServer.pid, 'SIGKILL', 5_000);
    await pause(awayMs);
    await servers.startNats();
    ended();
  },
};
