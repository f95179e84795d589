import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { problemsOf, type UsageDifference } from '@teamtalk/load-generator';
import type { Baseline } from './baseline.js';
import { isMet, type Point, rateOf, type Scenario } from './scenario.js';

/** The content of results.json. */
export interface Report {
  startedAt: string;
  commit: string;
  quick: boolean;
  machine: Machine;
  baseline: Baseline;
  scenarios: ScenarioReport[];
}

interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
  postgres: string;
}

export interface ScenarioReport {
  name: string;
  title: string;
  /** set when it could not be measured */
  error?: string;
  axis?: string;
  /** one, or one for each condition */
  points: PointReport[];
  targets: TargetReport[];
}

export interface PointReport extends Point {
  /** CPU microseconds an operation, by process */
  microseconds: Record<string, number>;
  /** context switches an operation, by process */
  switches: Record<string, number>;
  /** the rate divided by the baseline's */
  ratioToBaseline?: number;
  problems: string[];
}

interface TargetReport {
  what: string;
  unit: string;
  wanted: string;
  measured?: number;
  met?: boolean;
}

export function reportScenario(
  { name, title, axis, targets = [], baseline: against }: Scenario,
  points: readonly Point[],
  baseline: Baseline,
): ScenarioReport {
  const last = points.at(-1)?.result;
  return {
    name,
    title,
    axis,
    points: points.map((point) => reportPoint(point, against && baseline[against].perSecond)),
    targets: targets.map((target) => ({
      what: target.what,
      unit: target.unit,
      wanted: [
        ...(target.atLeast === undefined ? [] : [`at least ${shortened(target.atLeast)}`]),
        ...(target.atMost === undefined ? [] : [`at most ${target.atMost}`]),
      ].join(', '),
      measured: last && target.measure(last),
      met: last && isMet(target, last),
    })),
  };
}

function reportPoint(point: Point, baselineRate: number | undefined): PointReport {
  const { result } = point;
  const operations = rateOf(result) * result.seconds;
  const each = (figure: (usage: UsageDifference) => number, digits: number) =>
    Object.fromEntries(
      Object.entries(result.usage).map(([name, usage]) => [
        name,
        operations > 0 ? round(figure(usage) / operations, digits) : 0,
      ]),
    );
  return {
    ...point,
    microseconds: each(({ cpuSeconds }) => cpuSeconds * 1e6, 1),
    switches: each(({ switches }) => switches, 3),
    ratioToBaseline: baselineRate ? round(rateOf(result) / baselineRate, 3) : undefined,
    problems: problemsOf(result),
  };
}

export function describeMachine(postgresVersion: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    postgres: postgresVersion,
  };
}

/** The measured commit; empty outside a repository. */
export function commitOf(folder: string): string {
  try {
    const git = (words: string[]) => execFileSync('git', words, { cwd: folder, encoding: 'utf8' }).trim();
    return `${git(['rev-parse', '--short', 'HEAD'])}${git(['status', '--porcelain']) ? ' with changes' : ''}`;
  } catch {
    return '';
  }
}

/** Ratios are below 10, and rates far above. */
function shortened(value: number): number {
  return value < 10 ? value : Math.round(value);
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
