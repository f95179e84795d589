import { type Fault, pause } from './fault.js';

/** Between a kill of PostgreSQL or NATS and its start, milliseconds. */
const awayMs = 1_000;

const names = { postgres: 'PostgreSQL', nats: 'NATS' };

export function killServer(which: 'postgres' | 'nats'): Fault {
  return {
    name: `kill-${which}`,
    title: `kill -9 of ${names[which]}, started again after 1 s`,
    rounds: 5,
    async inject({ servers }, { ended }) {
      const server = servers.process(which);
      await server.kill();
      await pause(awayMs);
      await server.start();
      ended();
    },
  };
}

export function freezePostgres(ms: number): Fault {
  return {
    name: 'freeze-postgres',
    title: `SIGSTOP of PostgreSQL for ${ms / 1000} s`,
    rounds: 2,
    async inject({ servers }, { ended }) {
      const server = servers.process('postgres');
      server.signal('SIGSTOP');
      await pause(ms);
      server.signal('SIGCONT');
      ended();
    },
  };
}
