import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from './rendered.js';
import { configMapOf, otherComponents, renderEverything } from './testing/renderings.js';
import { workloadsOf } from './workloads.js';

interface ServiceSpec {
  type?: string;
  externalTrafficPolicy?: string;
  selector?: Record<string, string>;
  ports: { port: number; nodePort?: number }[];
}

/** Renderings by the way clients reach them. */
const waysIn = {
  'node-port': 'prod',
  'load-balancer': 'load-balancer',
  'per-pod-address': 'per-pod-address',
};

let rendered: Map<string, Manifest[]>;
beforeAll(async () => {
  rendered = await renderEverything();
});

/** Services of a workload that are reachable from outside the cluster. */
function entrancesOf(name: string, manifests: readonly Manifest[]): { name: string; spec: ServiceSpec }[] {
  return manifests
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata, spec }) => ({ name: metadata.name, spec: spec as ServiceSpec }))
    .filter(({ spec }) => spec.selector?.['app.kubernetes.io/name'] === name)
    .filter(({ spec }) => spec.type === 'NodePort' || spec.type === 'LoadBalancer');
}

/** The address a workload advertises to clients: from the pod, and from its settings. */
function advertised(name: string, variable: string, manifests: readonly Manifest[]) {
  const workload = workloadsOf(manifests).find((each) => each.name === name);
  const env = workload?.pod.containers[0]?.env?.find((each) => each.name === variable);
  return { env, config: configMapOf(name, manifests).get(variable) };
}

const dialled = [
  ['msg-server', 'ADVERTISE_IP1'],
  ['file-server', 'ADVERTISE_IP'],
] as const;

describe.each(Object.entries(waysIn))('%s', (way, rendering) => {
  it('leads to everything clients dial', () => {
    for (const name of ['login-server', 'msg-server', 'file-server', 'msfs']) {
      expect(entrancesOf(name, rendered.get(rendering) ?? []), `${way}: ${name}`).not.toEqual([]);
    }
    for (const name of ['db-proxy-server', 'route-server', 'http-msg-server']) {
      expect(entrancesOf(name, rendered.get(rendering) ?? []), `${way}: ${name}`).toEqual([]);
    }
  });
});

it('the nodes’ ports lead to the pod on that node, whose address and port clients are told', () => {
  const manifests = rendered.get('prod') ?? [];
  for (const [name, variable] of dialled) {
    expect(advertised(name, variable, manifests).env).toMatchObject({
      valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } },
    });
    const [entrance] = entrancesOf(name, manifests);
    expect(entrance?.spec.externalTrafficPolicy).toBe('Local');
    const { config } = advertised(name, 'ADVERTISE_PORT', manifests);
    expect(entrance?.spec.ports[0]?.nodePort, name).toBe(Number(config));
  }
});

it('a load balancer or an address a pod is what the overlay says', () => {
  for (const rendering of ['load-balancer', 'per-pod-address']) {
    for (const [name, variable] of dialled) {
      const manifests = rendered.get(rendering) ?? [];
      const config = otherComponents[rendering]?.[name]?.slice(`${variable}=`.length);
      expect(advertised(name, variable, manifests), rendering).toEqual({ env: undefined, config });
      // 0: clients connect to the port the server listens on, so the Service must have the same one.
      expect(advertised(name, 'ADVERTISE_PORT', manifests).config).toBe('0');
      for (const { spec } of entrancesOf(name, manifests)) {
        const listens = configMapOf(name, manifests).get('CLIENT_PORT');
        expect(spec.ports.map(({ port }) => String(port))).toContain(listens);
      }
    }
  }
});

it('each pod with an address of its own is reached by it alone', () => {
  const perPod = [
    ['per-pod-address', 'msg-server'],
    ['per-pod-address', 'file-server'],
    ['load-balancer', 'file-server'],
  ] as const;
  for (const [rendering, name] of perPod) {
    const pairs = Object.fromEntries(
      (otherComponents[rendering]?.[name] ?? '')
        .replace(/^\w+=/, '')
        .split(',')
        .map((pair) => pair.split('=') as [string, string]),
    );
    const entrances = entrancesOf(name, rendered.get(rendering) ?? []);
    const pods = entrances.map(({ spec }) => spec.selector?.['statefulset.kubernetes.io/pod-name']);
    expect(pods.sort()).toEqual(Object.keys(pairs).sort());
  }
});
