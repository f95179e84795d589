import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from './rendered.js';
import { configMapOf, podsWithAddress, renderEverything } from './testing/renderings.js';
import { workloadsOf } from './workloads.js';

interface AutoscalerSpec {
  scaleTargetRef: { kind: string; name: string };
  minReplicas: number;
  maxReplicas: number;
  metrics: {
    resource?: { name: string; target: { type: string; averageValue?: string } };
    pods?: { metric: { name: string }; target: { averageValue: string } };
  }[];
}

let rendered: Map<string, Manifest[]>;
beforeAll(async () => {
  rendered = await renderEverything();
});

function autoscalersOf(manifests: readonly Manifest[]): AutoscalerSpec[] {
  const specs = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').map(({ spec }) => spec);
  return specs as AutoscalerSpec[];
}

/** Number of nodes that an overlay is designed for; each node runs one pod of a service. */
const nodes: Readonly<Record<string, number>> = { dev: 1, prod: 3 };

/** Parses `700m` or `2` cores. */
function cores(text: string | undefined): number {
  return text?.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

describe('an autoscaler', () => {
  it('has no more pods than addresses', () => {
    let checked = 0;
    for (const [name, manifests] of rendered) {
      for (const { scaleTargetRef, minReplicas, maxReplicas } of autoscalersOf(manifests)) {
        const target = scaleTargetRef.name;
        const settings = configMapOf(target, manifests);
        const pods = podsWithAddress(settings.get('ADVERTISE_IP1') ?? settings.get('ADVERTISE_IP'));
        if (!pods) continue;
        const made = Array.from({ length: maxReplicas }, (_, k) => `${target}-${k}`);
        expect(pods, `${name}: ${target}`).toEqual(made);
        expect(minReplicas, `${name}: ${target}`).toBeLessThanOrEqual(maxReplicas);
        checked++;
      }
    }
    expect(checked).toBe(3);
  });

  it('has no more pods than nodes where each node runs only one', () => {
    const checked: string[] = [];
    for (const [name, manifests] of rendered) {
      const dialled = manifests.filter(({ kind, spec }) => {
        const service = spec as { type?: string; externalTrafficPolicy?: string } | undefined;
        return (
          kind === 'Service' && service?.type === 'NodePort' && service.externalTrafficPolicy === 'Local'
        );
      });
      const services = new Set(dialled.map(({ metadata }) => metadata.name));
      for (const { name: workload, pod } of workloadsOf(manifests)) {
        const oneForEachNode = pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
        if (!oneForEachNode || !services.has(workload)) continue;
        const autoscaler = autoscalersOf(manifests).find(({ scaleTargetRef: { name } }) => name === workload);
        expect(autoscaler?.maxReplicas, `${name}: ${workload}`).toBe(nodes[name]);
        checked.push(`${name} ${workload}`);
      }
    }
    expect(checked.sort()).toEqual([
      'dev file-server',
      'dev msg-server',
      'prod file-server',
      'prod msg-server',
    ]);
  });

  it('adds a pod before one is full: of the core that its code can use, and of its container', () => {
    for (const [name, manifests] of rendered) {
      for (const { scaleTargetRef, metrics } of autoscalersOf(manifests)) {
        const cpu = metrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.target;
        const workload = workloadsOf(manifests).find((each) => each.name === scaleTargetRef.name);
        const limit = cores(workload?.pod.containers[0]?.resources?.limits?.cpu);
        const threads = scaleTargetRef.name === 'msfs' ? 2 : 1;
        expect(cpu?.type, `${name}: ${scaleTargetRef.name}`).toBe('AverageValue');
        expect(cores(cpu?.averageValue), `${name}: ${scaleTargetRef.name}`).toBeGreaterThanOrEqual(0.5);
        expect(cores(cpu?.averageValue), `${name}: ${scaleTargetRef.name}`).toBeLessThanOrEqual(
          0.8 * Math.min(threads, limit),
        );
      }
    }
  });

  it('adds a msg_server before one is full of connections, and before the alert fires', () => {
    for (const [name, manifests] of rendered) {
      const { metrics = [] } =
        autoscalersOf(manifests).find(({ scaleTargetRef }) => scaleTargetRef.name === 'msg-server') ?? {};
      const connections = Number(metrics.find(({ pods }) => pods)?.pods?.target.averageValue);
      const most = Number(configMapOf('msg-server', manifests).get('MAX_CONNECTIONS'));
      expect(connections / most, name).toBeLessThanOrEqual(0.8);
      expect(connections / most, name).toBeGreaterThanOrEqual(0.5);
    }
  });
});

describe('every service', () => {
  it('evicts pods that are not ready, so that nodes can be drained', () => {
    for (const [name, manifests] of rendered) {
      const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
      expect(budgets.length, name).toBeGreaterThan(0);
      for (const { metadata, spec } of budgets) {
        expect(spec, `${name}: ${metadata.name}`).toMatchObject({
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        });
      }
    }
  });

  it('spreads pods over zones and nodes', () => {
    for (const [name, manifests] of rendered) {
      for (const { scaleTargetRef } of autoscalersOf(manifests)) {
        const { pod } = workloadsOf(manifests).find((each) => each.name === scaleTargetRef.name) ?? {};
        const keys = pod?.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);
        expect(keys, `${name}: ${scaleTargetRef.name}`).toEqual([
          'topology.kubernetes.io/zone',
          'kubernetes.io/hostname',
        ]);
      }
    }
  });

  it('restarts a pod for its own failures, never for a store that it waits for', () => {
    for (const [name, manifests] of rendered) {
      for (const { scaleTargetRef } of autoscalersOf(manifests)) {
        const { pod } = workloadsOf(manifests).find((each) => each.name === scaleTargetRef.name) ?? {};
        const [server] = pod?.containers ?? [];
        const paths = [server?.startupProbe, server?.livenessProbe, server?.readinessProbe].map(
          (probe) => probe?.httpGet?.path,
        );
        expect(paths, `${name}: ${scaleTargetRef.name}`).toEqual(['/livez', '/livez', '/readyz']);
      }
    }
  });
});
