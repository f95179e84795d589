import type { ServiceName } from '@teamtalk/local-stack';
import type { LinkEvent, Server } from '../testbed/links.js';

export interface ServiceReplica {
  name: ServiceName;
  k: number;
}

/** A process of the testbed: the k-th of a service, of PostgreSQL or of NATS, of which there may be only one. */
export type Process = ServiceReplica | { name: 'postgres' | 'nats'; k: number };

/** What happens to the connections between two processes. */
export type Disturbance = 'cut' | 'block' | 'block-to-server' | 'block-from-server' | 'slow' | 'lossy';

export interface LinkName {
  service: ServiceName;
  k: number;
  server: Server;
}

/** One fault. Times: milliseconds. */
export type Action =
  /** kill -9, started again after `ms` */
  | { do: 'kill'; process: Process; ms: number }
  /** SIGTERM, started again */
  | { do: 'restart'; process: Process }
  /** SIGSTOP for `ms` */
  | { do: 'pause'; process: Process; ms: number }
  | { do: 'link'; link: LinkName; how: Disturbance; ms: number }
  /** the process's clock steps by an hour, and back after `ms` */
  | { do: 'clock'; process: Process; ms: number };

/** An event observed after `afterMs` of the schedule; the action follows `delayMs` later. */
export interface Trigger {
  link: LinkName;
  event: LinkEvent;
  afterMs: number;
  delayMs: number;
}

/** An action, so many milliseconds after the beginning or at a trigger. */
export type Step = Action & { at: number | Trigger };

export type Schedule = readonly Step[];

export function describe(step: Step): string {
  return `${whenOf(step.at)} ${whatOf(step)}`;
}

function whenOf(at: Step['at']): string {
  if (typeof at === 'number') return `at ${seconds(at)}:`;
  const { link, event, afterMs, delayMs } = at;
  const delay = delayMs > 0 ? `${delayMs} ms after` : 'when';
  return `${delay} ${nameOfLink(link)} ${event}, from ${seconds(afterMs)} on:`;
}

function whatOf(step: Step): string {
  switch (step.do) {
    case 'kill':
      return `kill -9 of ${nameOf(step.process)}, started again after ${seconds(step.ms)}`;
    case 'restart':
      return `SIGTERM and start of ${nameOf(step.process)}`;
    case 'pause':
      return `SIGSTOP of ${nameOf(step.process)} for ${seconds(step.ms)}`;
    case 'link':
      return `${nameOfLink(step.link)} ${step.how} for ${seconds(step.ms)}`;
    case 'clock':
      return `clock of ${nameOf(step.process)} an hour off for ${seconds(step.ms)}`;
  }
}

export function nameOf(process: Process): string {
  return `${process.name} ${process.k}`;
}

export function isService(process: Process): process is ServiceReplica {
  return process.name !== 'postgres' && process.name !== 'nats';
}

export function nameOfLink({ service, k, server }: LinkName): string {
  return server === 'grpc' ? `callers>${service} ${k}` : `${service} ${k}>${server}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
