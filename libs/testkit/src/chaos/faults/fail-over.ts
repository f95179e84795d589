import { waitUntil } from '../../infrastructure/index.js';
import { type Fault, pause } from './fault.js';

/** From the death of the primary to the promotion, milliseconds: what finds it out takes its time. */
const awayMs = 1_000;
const recoveryLimitMs = 60_000;

export const failOver: Fault = {
  name: 'fail-over-postgres',
  title: 'kill -9 of the PostgreSQL primary, its synchronous standby promoted after 1 s',
  rounds: 20,
  standby: true,
  async inject({ servers, load }, { ended, note }) {
    const { pair } = servers;
    if (!pair) throw new Error('the stand has no standby');
    // What the services go by when they find a new primary.
    const known = () => pair.primary.query('SELECT FROM store_epoch WHERE synchronous');
    await waitUntil(async () => (await known()).length > 0, { what: 'commits wait for the standby' });
    const { breaks } = load;
    const begun = performance.now();
    await pair.killPrimary();
    await pause(awayMs);
    await pair.promote();
    ended();
    await waitUntil(() => load.waiting.length === 0, {
      timeoutMs: recoveryLimitMs,
      what: 'everybody gets acks from the new primary',
    });
    const seconds = ((load.recoveredAt - begun) / 1000).toFixed(1);
    note(`everybody had acks again ${seconds} s after the kill; ${load.breaks - breaks} clients cut off`);
    await pair.rejoin();
  },
};
