import { describe, expect, it } from 'vitest';
import { Random } from './random.js';
import { Simulation } from './simulation.js';
import { Disk, Host, Process } from './stations.js';

const jobs = 400_000;

/** Mean and p99 of the time in the system, with random arrivals at 0.8 per core and unit of time. */
function sojourn(cores: number, service: (random: Random) => number) {
  const sim = new Simulation();
  const random = new Random(7);
  const host = new Host(sim, cores);
  // With one core a single process does all jobs; with several, each job has its own process.
  const one = new Process(host);
  const times: number[] = [];
  let left = jobs;
  const arrive = () => {
    const arrived = sim.now;
    const process = cores === 1 ? one : new Process(host);
    process.do(service(random), () => times.push(sim.now - arrived));
    if (--left > 0) sim.after(random.exponential(1 / (0.8 * cores)), arrive);
  };
  sim.after(0, arrive);
  sim.run(Number.POSITIVE_INFINITY);
  times.sort((a, b) => a - b);
  expect(times).toHaveLength(jobs);
  return { mean: times.reduce((sum, time) => sum + time, 0) / jobs, p99: times[Math.floor(0.99 * jobs)]! };
}

/** Relative tolerance. */
function expectNear(value: number, expected: number, share: number): void {
  expect(Math.abs(value / expected - 1), `${value} beside ${expected}`).toBeLessThan(share);
}

describe('a station compared with queueing theory, at a utilisation of 0.8', () => {
  it('behaves as M/M/1 with exponential service times', () => {
    const { mean, p99 } = sojourn(1, (random) => random.exponential(1));
    // Mean 1 / (1 - 0.8), and the p99 of an exponential distribution with that mean.
    expectNear(mean, 5, 0.05);
    expectNear(p99, 5 * Math.log(100), 0.08);
  });

  it('behaves as M/D/1 with constant service times', () => {
    // 1 + 0.8 / (2 (1 - 0.8))
    expectNear(sojourn(1, () => 1).mean, 3, 0.05);
  });

  it('behaves as M/M/2 with two cores', () => {
    // Erlang C: a share of 0.711 of the jobs waits, for 1 / (2 - 1.6) on average.
    expectNear(sojourn(2, (random) => random.exponential(1)).mean, 1 + 0.7111 / 0.4, 0.05);
  });
});

describe('a host', () => {
  it('gives its core to the next process after a slice and gets it back in turn', () => {
    const sim = new Simulation();
    const host = new Host(sim, 1, 10);
    const order: string[] = [];
    for (const name of ['a', 'b']) {
      const process = new Process(host);
      for (let k = 0; k < 4; k++) process.do(6, () => order.push(name));
    }
    sim.run(1_000);
    expect(order.join('')).toBe('aabbaabb');
    expect(host.used).toBe(48);
  });

  it('leaves the core to the only process that needs it', () => {
    const sim = new Simulation();
    const host = new Host(sim, 2, 10);
    const ends: number[] = [];
    for (let n = 0; n < 2; n++) {
      const process = new Process(host);
      for (let k = 0; k < 5; k++) process.do(6, () => k === 4 && ends.push(sim.now));
    }
    sim.run(1_000);
    expect(ends).toEqual([30, 30]);
  });
});

describe('a disk', () => {
  it('writes what arrives during a flush with the next one', () => {
    const sim = new Simulation();
    const disk = new Disk(sim, () => 100);
    const done: number[] = [];
    for (const at of [0, 10, 90, 150]) sim.after(at, () => disk.sync(() => done.push(sim.now)));
    sim.run(1_000);
    expect(done).toEqual([100, 200, 200, 300]);
    expect(disk.used).toBe(300);
  });
});
