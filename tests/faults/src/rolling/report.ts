import type { Violations } from '@teamtalk/load-generator';
import type { CallCounts } from './callers.js';
import type { Phase, Troubles } from './phases.js';
import type { TestRollingCluster } from './test-rolling-cluster.js';

/** The result of a run. Times: milliseconds. */
export interface RollingReport {
  clients: number;
  sent: number;
  acked: number;
  deliveries: number;
  violations: Violations;
  troubles: Troubles;
  calls: Record<string, CallCounts>;
  /** longest stall of the load's own process, which the measurements include */
  ownPauseMs: number;
  phases: PhaseReport[];
}

interface PhaseReport {
  name: string;
  acked: number;
  ack: { p50: number; p99: number; max: number };
  /** broken connections, each followed by another */
  breaks: number;
  silence: { p50: number; p99: number; max: number };
  reconnect: { p50: number; p99: number; max: number };
}

export function reportOf(testbed: TestRollingCluster, clients: number): RollingReport {
  const { clientPool, observations, callers } = testbed;
  const { ledger } = clientPool;
  return {
    clients,
    sent: ledger.sent,
    acked: ledger.acked,
    deliveries: ledger.delivered,
    violations: ledger.findings.counts,
    troubles: observations.troubles,
    calls: Object.fromEntries(callers.map(({ name, counts }) => [name, counts])),
    ownPauseMs: clientPool.ownPauseMs,
    phases: observations.phases.map(phaseReport),
  };
}

function phaseReport({ name, acked, ack, silence, reconnect }: Phase): PhaseReport {
  const of = (latency: Phase['ack']) => {
    const { p50, p99, max } = latency.summary();
    return { p50, p99, max };
  };
  const breaks = silence.summary().count;
  return { name, acked, ack: of(ack), breaks, silence: of(silence), reconnect: of(reconnect) };
}

/** Whether no call failed and no message was lost, duplicated, reordered or undelivered. */
export function isClean({ violations, calls, troubles }: RollingReport): boolean {
  const failedCalls = Object.values(calls).reduce((sum, { failed }) => sum + failed, 0);
  return (
    Object.values(violations).every((count) => count === 0) && failedCalls === 0 && troubles.kicked === 0
  );
}

/** In Markdown. */
export function describeReport(report: RollingReport): string {
  const { sent, acked, deliveries, violations, troubles, calls, phases } = report;
  const longest = Math.max(...phases.map(({ silence }) => silence.max));
  const served = Math.max(...phases.map(({ reconnect }) => reconnect.max));
  const totals = [
    `${sent} messages sent, ${acked} acknowledged, ${deliveries} deliveries`,
    named(violations),
    `longest silence of a client ${seconds(longest)}, without its own back-off at most ${seconds(served)}`,
    `longest stall of the load’s own process ${Math.round(report.ownPauseMs)} ms`,
    `clients counted: ${named(troubles)}`,
    ...Object.entries(calls).map(
      ([name, counts]) =>
        `calls of ${name}: ${named({ ...counts, longestMs: Math.round(counts.longestMs) })}`,
    ),
  ];
  const head =
    '| what | breaks | silence p50 | p99 | longest | without the client’s back-off, p99 | longest | acks | ack p50 | p99 | longest |';
  const rows = phases.map(
    ({ name, breaks, silence, reconnect, acked: acks, ack }) =>
      `| ${[name, breaks, ...[silence.p50, silence.p99, silence.max, reconnect.p99, reconnect.max].map((ms) => (breaks === 0 ? '' : seconds(ms))), acks, ...[ack.p50, ack.p99, ack.max].map((ms) => `${Math.round(ms)} ms`)].join(' | ')} |`,
  );
  const rule = `| --- |${' ---: |'.repeat(10)}`;
  return [...totals.map((line) => `- ${line}`), '', head, rule, ...rows].join('\n');
}

function named(counts: object): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${count}`)
    .join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
