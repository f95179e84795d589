import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { descriptorLimit, otherDescriptors } from '@teamtalk/load-generator';
import type { ServiceName } from '@teamtalk/local-stack';
import { measureBaseline } from './baseline.js';
import { BenchCluster } from './bench-cluster.js';
import { pageOf } from './html/page.js';
import { runLoadProcess } from './load-process.js';
import { profileOptions, reportProfiles } from './profile.js';
import { commitOf, describeMachine, type Report, reportScenario, type ScenarioReport } from './report.js';
import type { Point, Scenario, ScenarioContext } from './scenario.js';
import { consoleScenarios } from './scenarios/console.js';
import { fileScenarios } from './scenarios/files.js';
import { growthScenarios } from './scenarios/growth.js';
import { imageScenarios } from './scenarios/images.js';
import { messageScenarios } from './scenarios/messages.js';
import { peerScenarios } from './scenarios/peers.js';
import { phoneScenarios } from './scenarios/phones.js';
import { readScenarios } from './scenarios/reads.js';
import { retentionScenarios } from './scenarios/retention.js';
import { sessionScenarios } from './scenarios/sessions.js';
import { describeReport } from './text-table.js';
import { combinePoints, type Side, turnsOf } from './turns.js';

/** Scenarios that leave many messages behind come last. */
export const scenarios: readonly Scenario[] = [
  ...sessionScenarios,
  ...readScenarios,
  ...consoleScenarios,
  ...fileScenarios,
  ...imageScenarios,
  ...messageScenarios,
  ...growthScenarios,
  ...retentionScenarios,
  ...phoneScenarios,
  ...peerScenarios,
];

export interface SuiteOptions {
  /** scenarios to run; empty: all that are not on demand */
  names: readonly string[];
  quick: boolean;
  /** messages of a full table */
  stored: number;
  /** folder for results.json and index.html */
  out: string;
  /** a service to profile */
  profile: ServiceName | undefined;
  /** how often each scenario is measured; figures are medians */
  rounds: number;
  /** a commit and the folder of its checkout, whose services are measured by turns with this one's */
  against: { ref: string; checkout: string } | undefined;
  say: (line: string) => void;
}

/**
 * Measures one scenario after the other.
 * @throws Error when there is no scenario of a name
 * @returns the table
 */
export async function runSuite(options: SuiteOptions): Promise<string> {
  const { quick, out, profile, say } = options;
  const chosen = choose(options.names);
  await mkdir(out, { recursive: true });
  const profileFolder = path.join(out, 'profiles');
  const cluster = await BenchCluster.start(profile ? profileOptions(profile, profileFolder) : {});
  try {
    say('floor');
    const [version] = await cluster.sql<{ server_version: string }>('SHOW server_version');
    const report: Report = {
      startedAt: new Date().toISOString(),
      commit: commitOf(import.meta.dirname),
      quick,
      machine: describeMachine(`PostgreSQL ${version?.server_version}`),
      baseline: await measureBaseline(cluster, { seconds: quick ? 2 : 5, say: () => {} }),
      scenarios: [],
    };
    for (const scenario of chosen) {
      say(`${scenario.name}: ${scenario.title}`);
      report.scenarios.push(await measure(scenario, cluster, report, options));
      if (profile) {
        // The profile is written when the process exits.
        await cluster.leave();
        for (const line of await reportProfiles(profileFolder, measuredTimes(report))) say(line);
      }
      // After each scenario: a later failure loses nothing.
      await writeFile(path.join(out, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
      await writeFile(path.join(out, 'index.html'), pageOf(report));
    }
    return describeReport(report);
  } finally {
    await cluster.stop();
  }
}

function measuredTimes({ scenarios: measured }: Report): [number, number][] {
  const points = measured.at(-1)?.points ?? [];
  // If unknown, all of it counts.
  return points.map(({ result }) => result.between ?? [0, Number.POSITIVE_INFINITY]);
}

async function measure(
  scenario: Scenario,
  cluster: BenchCluster,
  { baseline }: Report,
  options: SuiteOptions,
): Promise<ScenarioReport> {
  const { name, title } = scenario;
  const { quick, say } = options;
  try {
    const outcome = await measureByTurns(scenario, cluster, options);
    // A quick run asks for lower rates than the targets.
    return reportScenario(quick ? { ...scenario, targets: [] } : scenario, outcome, baseline);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`  ${text}`);
    // What it left behind could disturb the next one.
    await cluster.leave();
    return { name, title, error: text, points: [], targets: [] };
  }
}

/** The points of this checkout's services come last: targets are theirs. */
async function measureByTurns(
  scenario: Scenario,
  cluster: BenchCluster,
  options: SuiteOptions,
): Promise<Point[]> {
  const { shape = {}, fresh = false, otherServer = false, run } = scenario;
  const { quick, stored, profile, rounds, against, say } = options;
  const compared = against && !otherServer;
  const here: Side = { label: compared ? 'now' : '', checkout: undefined };
  const sides = compared ? [{ label: against.ref, checkout: against.checkout }, here] : [here];
  const context: ScenarioContext = {
    cluster,
    quick,
    stored: quick ? Math.min(stored, 100_000) : stored,
    maxConnections: (descriptorLimit() ?? Number.POSITIVE_INFINITY) - otherDescriptors,
    load: (mode, given, others = []) => {
      const server = given.server ?? cluster.addresses('msg_server', 'client');
      return runLoadProcess(mode, { ...given, server }, [...cluster.watched(), ...others], say);
    },
    reshape: (other) => cluster.take(other, true),
    say,
  };
  cluster.compares = Boolean(compared);
  const measured = new Map(sides.map((side) => [side, [] as Point[][]]));
  for (const side of turnsOf(sides, rounds)) {
    cluster.checkout = side.checkout;
    if (compared || rounds > 1) say(`  ${side.label}`);
    await cluster.take(shape, fresh || profile !== undefined);
    const outcome = await run(context);
    measured.get(side)!.push(Array.isArray(outcome) ? outcome : [{ x: 0, label: '', result: outcome }]);
  }
  return sides.flatMap((side) => combinePoints(measured.get(side)!, side.label));
}

function choose(names: readonly string[]): Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `no such scenario: ${unknown.join(', ')}; there are ${scenarios.map(({ name }) => name).join(', ')}`,
    );
  }
  return names.length > 0
    ? scenarios.filter(({ name }) => names.includes(name))
    : scenarios.filter(({ onDemand }) => !onDemand);
}
