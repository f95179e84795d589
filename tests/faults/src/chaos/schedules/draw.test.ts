import { expect, it } from 'vitest';
import { drawSchedule } from './draw.js';
import { Random } from './random.js';
import { recoveries } from './recoveries.js';
import { describe, type Process, type Schedule } from './schedule.js';

const many = Array.from({ length: 500 }, (_, index) => drawSchedule(7, index));
const triggered = (schedule: Schedule) => schedule.filter(({ at }) => typeof at !== 'number');
const processesOf = (schedule: Schedule): Process[] =>
  schedule.map((step) => (step.do === 'link' ? { name: step.link.service, k: step.link.k } : step.process));

const replicas = (name: string, count: number) =>
  Array.from({ length: count }, (_, k) => JSON.stringify({ name, k }));

it('a seed and a number always give the same schedule, and others another one', () => {
  expect(drawSchedule(7, 3)).toEqual(drawSchedule(7, 3));
  expect(drawSchedule(7, 3)).not.toEqual(drawSchedule(7, 4));
  expect(drawSchedule(7, 3)).not.toEqual(drawSchedule(8, 3));
  expect(new Set(many.map((schedule) => JSON.stringify(schedule))).size).toBe(many.length);
});

it('schedules have two faults at least, and most have one aimed at a recovery', () => {
  for (const schedule of many) expect(schedule.length).toBeGreaterThanOrEqual(2);
  expect(many.filter((schedule) => triggered(schedule).length > 0).length).toBeGreaterThan(many.length / 2);
});

it('every kind of fault, process and link occurs, but never the msg_server of the observers', () => {
  const all = many.flat();
  expect(new Set(all.map((step) => step.do))).toEqual(new Set(['kill', 'restart', 'pause', 'link', 'clock']));
  const names = new Set(processesOf(all).map((process) => JSON.stringify(process)));
  const services = ['msg_server', 'route_server', 'db_proxy_server', 'http_msg_server'];
  const pairs = services.flatMap((name) => replicas(name, 2));
  const servers = [...replicas('postgres', 2), ...replicas('nats', 3)];
  expect(names).toEqual(new Set([...pairs, ...servers]));
  const disturbed = all.flatMap((step) => (step.do === 'link' ? [step.how] : []));
  expect(new Set(disturbed).size).toBe(6);
  const linked = all.flatMap((step) => (step.do === 'link' ? [step.link.server] : []));
  expect(new Set(linked)).toEqual(new Set(['nats', 'postgres', 'grpc']));
});

it('a schedule says itself in words, and is the same after JSON', () => {
  for (const schedule of many.slice(0, 20)) {
    expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule);
    for (const step of schedule) expect(describe(step)).not.toMatch(/undefined|NaN/);
  }
});

it.each(recoveries)('$name: two faults at least, drawn anew for each round', ({ draw }) => {
  const drawn = Array.from({ length: 10 }, (_, index) => draw(new Random(1, index)));
  for (const schedule of drawn) expect(schedule.length).toBeGreaterThanOrEqual(2);
  expect(new Set(drawn.map((schedule) => JSON.stringify(schedule))).size).toBeGreaterThan(5);
});
