import { serviceConfigurations } from '@teamtalk/cli';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from './rendered.js';
import { configMapOf, renderEverything } from './testing/renderings.js';
import { type Probe, workloadsOf } from './workloads.js';

let rendered: Map<string, Manifest[]>;
beforeAll(async () => {
  rendered = await renderEverything();
});

/** Seconds that stopping a msg_server takes after the spread: the last clients' results, presence, the store. */
const afterSpreadSeconds = 15;
/** Seconds until every node has removed a deleted pod from its Services. */
const outOfServiceSeconds = 5;
/** Seconds between a process's own deadline and the kubelet's kill -9. */
const roomSeconds = 5;

describe('the stop of a pod', () => {
  const number = (settings: Map<string, string>, name: string) => Number(settings.get(name));

  it('has the time its own settings ask for', () => {
    for (const [name, manifests] of rendered) {
      const services = workloadsOf(manifests).filter((each) => configMapOf(each.name, manifests).size > 0);
      expect(services.length, name).toBeGreaterThanOrEqual(Object.keys(serviceConfigurations).length);
      for (const { name: workload, kind, pod } of services) {
        if (kind === 'Job') continue;
        const preStop = pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
        const shutdown = number(configMapOf(workload, manifests), 'SHUTDOWN_SECONDS');
        const needed = preStop + shutdown + roomSeconds;
        // Clients do not connect to the canary.
        const least = workload === 'canary' ? 0 : outOfServiceSeconds;
        expect(preStop, `${name}: ${workload}, preStop`).toBeGreaterThanOrEqual(least);
        expect(pod.terminationGracePeriodSeconds, `${name}: ${workload}`).toBeGreaterThanOrEqual(needed);
      }
    }
  });

  it('closes the clients of a full msg_server no faster than another one can log them in', () => {
    for (const [name, manifests] of rendered) {
      const settings = configMapOf('msg-server', manifests);
      const spread = number(settings, 'DRAIN_SPREAD_MS') / 1000;
      expect(spread + afterSpreadSeconds, name).toBeLessThanOrEqual(number(settings, 'SHUTDOWN_SECONDS'));
      const admitted = spread * number(settings, 'LOGIN_RATE') + number(settings, 'LOGIN_BURST');
      expect(admitted, name).toBeGreaterThanOrEqual(number(settings, 'MAX_CONNECTIONS'));
    }
  });

  it('turns unready before the liveness probe restarts it, and gives start-up 60 s', () => {
    for (const [name, manifests] of rendered) {
      for (const { name: workload, kind, pod } of workloadsOf(manifests)) {
        if (kind === 'Job') continue;
        for (const { startupProbe, livenessProbe, readinessProbe } of pod.containers) {
          const [starting, alive, ready] = [startupProbe, livenessProbe, readinessProbe].map(secondsOf);
          // Readiness must fail well before liveness: a restart by the kubelet is the last resort.
          expect(ready, `${name}: ${workload}`).toBeLessThan(alive ?? 0);
          expect(starting, `${name}: ${workload}`).toBeGreaterThanOrEqual(60);
        }
      }
    }
  });
});

/** Seconds until a failing probe takes effect. */
function secondsOf(probe: Probe | undefined): number {
  return (probe?.periodSeconds ?? 10) * (probe?.failureThreshold ?? 3);
}
