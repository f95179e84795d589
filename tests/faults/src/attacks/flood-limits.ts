import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Noticed } from './times.js';

/** A login takes less, milliseconds. */
const loginMs = 1_000;
/** A message takes less, of what it takes in quiet. */
const messageFactor = 2;
/** What may be left of a flood, of the pod's limit. */
const leftOver = 0.25;

const bases = path.resolve(import.meta.dirname, '../../../../k8s/base');

/** The memory that a pod of a service may have, MiB. */
export function podLimitMib(service: string): number {
  const workload = readFileSync(path.join(bases, service.replaceAll('_', '-'), 'workload.yaml'), 'utf8');
  const [, number, unit] = /limits:\n(?: +(?!memory)\S.*\n)* +memory: (\d+)(Mi|Gi)/.exec(workload) ?? [];
  if (number === undefined) throw new Error(`there is no memory limit for ${service}`);
  return Number(number) * (unit === 'Gi' ? 1_024 : 1);
}

export interface FloodFigures {
  /** MiB */
  before: number;
  peak: number;
  minuteAfter: number;
  limit: number;
  quiet: Noticed;
  loud: Noticed;
}

/** What a flood did that it must not do. */
export function floodProblems({ before, peak, minuteAfter, limit, quiet, loud }: FloodFigures): string[] {
  const problems: string[] = [];
  if (peak >= limit) problems.push(`${peak} MiB of ${limit}`);
  if (minuteAfter > before + limit * leftOver) problems.push(`memory does not go back: ${minuteAfter} MiB`);
  if (loud.logins >= loginMs) problems.push(`logins take ${loud.logins} ms`);
  if (loud.messages >= quiet.messages * messageFactor) problems.push(`messages take ${loud.messages} ms`);
  return problems;
}
