import { type PostgresServer, waitUntil } from '@teamtalk/local-stack';
import { type Fault, pause } from './fault.js';

/** From the primary's end to the promotion, milliseconds: as long as noticing it takes. */
const awayMs = 1_000;
const recoveryLimitMs = 60_000;

interface End {
  name: string;
  title: string;
  rounds: number;
  end(primary: PostgresServer): Promise<void> | void;
}

/** The primary ends, and its synchronous standby takes over. */
function failOver({ name, title, rounds, end }: End): Fault {
  return {
    name,
    title: `${title}, its synchronous standby promoted after 1 s`,
    rounds,
    standby: true,
    async inject({ servers, load }, { ended, note }) {
      const { pair } = servers;
      if (!pair) throw new Error('the testbed has no standby');
      // What services compare when they find a new primary.
      const known = () => pair.primary.query('SELECT FROM store_epoch WHERE synchronous');
      await waitUntil(async () => (await known()).length > 0, { what: 'commits wait for the standby' });
      const { breaks } = load;
      const begun = performance.now();
      const old = pair.primary;
      await end(old);
      await pause(awayMs);
      await pair.promote();
      ended();
      await waitUntil(() => load.waiting.length === 0, {
        timeoutMs: recoveryLimitMs,
        what: 'everybody gets acks from the new primary',
      });
      const seconds = ((load.recoveredAt - begun) / 1000).toFixed(1);
      note(`everybody had acks again after ${seconds} s; ${load.breaks - breaks} connections broken`);
      await old.kill();
      await pair.rejoin();
    },
  };
}

export const killPrimary = failOver({
  name: 'fail-over-postgres',
  title: 'kill -9 of the PostgreSQL primary',
  rounds: 20,
  end: (primary) => primary.kill(),
});

/** As when its machine has lost power: no connection breaks. */
export const silencePrimary = failOver({
  name: 'fail-over-silent-postgres',
  title: 'the PostgreSQL primary silent for ever',
  rounds: 5,
  end: (primary) => primary.signal('SIGSTOP'),
});
