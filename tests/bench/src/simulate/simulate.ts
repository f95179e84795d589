import { MessagePath, type PathOptions } from './message-path.js';
import { Random } from './random.js';
import { Simulation } from './simulation.js';

interface Load {
  perSecond: number;
  /** seconds that are measured, after a warm-up of a tenth of them */
  seconds: number;
  seed: number;
  /** messages are due at equal intervals, as the load generator sends them; by default at random times */
  regular?: boolean;
}

export interface Outcome {
  perSecond: number;
  /** acks per second */
  achieved: number;
  /** milliseconds */
  ack: { p50: number; p99: number };
  delivery: { p50: number; p99: number };
  /** of the busiest station of each kind, from 0 to 1 */
  utilisation: Record<string, number>;
  /** the kind of station with the highest utilisation, which saturates first */
  busiest: string;
  /** messages per transaction */
  batch: number;
}

const second = 1_000_000;

/** Simulates the message path at a given rate. The same options and seed give the same outcome. */
export function simulate(options: PathOptions, { perSecond, seconds, seed, regular }: Load): Outcome {
  const sim = new Simulation();
  const random = new Random(seed);
  const warmUp = (seconds * second) / 10;
  const end = warmUp + seconds * second;
  const acks: number[] = [];
  const deliveries: number[] = [];
  const note = (times: number[]) => (due: number) => {
    if (sim.now > warmUp) times.push((sim.now - due) / 1_000);
  };
  const path = new MessagePath(sim, random, options, { ack: note(acks), delivery: note(deliveries) });
  const mean = second / perSecond;
  const next = () => {
    path.send();
    sim.after(regular ? mean : random.exponential(mean), next);
  };
  sim.after(0, next);
  sim.run(warmUp);
  const before = path.used();
  sim.run(end);
  const utilisation = Object.fromEntries(
    Object.entries(path.used()).map(([name, used]) => [name, (used - before[name]!) / (end - warmUp)]),
  );
  const [busiest] = Object.entries(utilisation).reduce((most, each) => (each[1] > most[1] ? each : most));
  return {
    perSecond,
    achieved: acks.length / seconds,
    ack: percentiles(acks),
    delivery: percentiles(deliveries),
    utilisation,
    busiest,
    batch: path.batchSize(),
  };
}

function percentiles(times: number[]): { p50: number; p99: number } {
  if (times.length === 0) throw new Error('no message was acknowledged within the simulated time');
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p99: at(0.99) };
}
