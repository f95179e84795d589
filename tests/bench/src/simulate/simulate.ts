import { MessagePath, type PathOptions } from './message-path.js';
import { Random } from './random.js';
import { Simulation } from './simulation.js';

interface Load {
  perSecond: number;
  /** seconds that count, after a tenth of them that does not */
  seconds: number;
  seed: number;
  /** messages are due at equal distances, as the load generator's; left out: at random */
  regular?: boolean;
}

export interface Outcome {
  perSecond: number;
  /** acks a second */
  achieved: number;
  /** milliseconds */
  ack: { p50: number; p99: number };
  delivery: { p50: number; p99: number };
  /** of its time, for the busiest of each kind */
  utilisation: Record<string, number>;
  /** the kind of station that is busiest: full first, if nothing else changes */
  busiest: string;
  /** messages of a transaction */
  batch: number;
}

const second = 1_000_000;

/** Runs the path of messages at a rate. The same options and seed have the same outcome. */
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
  if (times.length === 0) throw new Error('nothing came through within the time simulated');
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p99: at(0.99) };
}
