import { beforeAll, describe, expect, it } from 'vitest';
import { allowedTraffic } from './network.js';
import type { Manifest } from './rendered.js';
import {
  configMapOf,
  otherComponents,
  podsWithAddress,
  renderEverything,
  specOf,
} from './testing/renderings.js';
import { workloadsOf } from './workloads.js';

interface ServiceSpec {
  type?: string;
  externalTrafficPolicy?: string;
  selector?: Record<string, string>;
  ports: { name?: string; port: number; nodePort?: number }[];
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
    for (const name of ['login-server', 'msg-server', 'file-server', 'msfs', 'web-server']) {
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
    const [, pairs] = otherComponents[rendering]?.[name]?.match(/^\w+=(.*)$/) ?? [];
    const entrances = entrancesOf(name, rendered.get(rendering) ?? []);
    const pods = entrances.map(({ spec }) => spec.selector?.['statefulset.kubernetes.io/pod-name']);
    expect(pods.sort()).toEqual(podsWithAddress(pairs));
  }
});

it('the Ingress routes to existing ports, for host names in its certificate', () => {
  interface Backend {
    service: { name: string; port: { name: string } };
  }
  const manifests = rendered.get('ingress') ?? [];
  const { tls, rules } = specOf<{
    tls: { hosts: string[] }[];
    rules: { host: string; http: { paths: { path: string; backend: Backend }[] } }[];
  }>(manifests, 'Ingress');
  expect(rules.map(({ host }) => host)).toEqual(tls.flatMap(({ hosts }) => hosts));
  const routes = rules.flatMap(({ http }) => http.paths);
  const backends = routes.map(({ backend }) => backend.service);
  expect(
    routes.map(({ path, backend: { service } }) => `${path} ${service.name} ${service.port.name}`),
  ).toEqual([
    '/api/discovery http-msg-server http',
    '/ login-server http',
    '/ msg-server ws',
    '/ file-server ws',
    '/ msfs http',
    '/ web-server http',
    '/ http-msg-server http',
  ]);
  for (const { name, port } of backends) {
    const { ports } = specOf<{ ports: { name: string }[] }>(manifests, 'Service', name);
    expect(ports.map((each) => each.name)).toContain(port.name);
  }
});

it('the Gateway routes to the same ports, for host names of its listener', () => {
  const manifests = rendered.get('gateway') ?? [];
  const { listeners } = specOf<{ listeners: { hostname: string }[] }>(manifests, 'Gateway');
  const routes = manifests.filter(({ kind }) => kind === 'HTTPRoute');
  interface Rule {
    matches?: { path: { value: string } }[];
    backendRefs: { name: string; port: number }[];
  }
  const specs = routes.map(({ spec }) => spec as { hostnames: string[]; rules: Rule[] });
  const leadsTo = specs.flatMap(({ hostnames: [host], rules }) => {
    expect(host?.endsWith(listeners[0]?.hostname.slice(1) ?? ' '), host).toBe(true);
    return rules.map(({ matches, backendRefs: [{ name, port } = { name: '', port: 0 }] }) => {
      const { ports } = specOf<ServiceSpec>(manifests, 'Service', name);
      const path = matches?.[0]?.path.value ?? '/';
      return `${host}${path} ${name} ${ports.find((each) => each.port === port)?.name}`;
    });
  });
  expect(leadsTo.sort()).toEqual([
    'api.example.com/ http-msg-server http',
    'chat.example.com/ msg-server ws',
    'files.example.com/ file-server ws',
    'images.example.com/ msfs http',
    'login.example.com/ login-server http',
    'login.example.com/api/discovery http-msg-server http',
    'web.example.com/ web-server http',
  ]);
});

it('services serve HTTPS with files mounted from a Secret', () => {
  const manifests = rendered.get('http-tls') ?? [];
  const secure = workloadsOf(manifests).filter(({ name }) =>
    configMapOf(name, manifests).get('TLS_CERT_FILE'),
  );
  expect(secure.map(({ name }) => name).sort()).toEqual([
    'http-msg-server',
    'login-server',
    'msfs',
    'web-server',
  ]);
  for (const { name, pod } of secure) {
    const volume = pod.volumes?.find(({ secret }) => secret?.secretName === 'teamtalk-http-tls');
    const mount = pod.containers[0]?.volumeMounts?.find((each) => each.name === volume?.name);
    const settings = configMapOf(name, manifests);
    expect(settings.get('TLS_CERT_FILE'), name).toBe(`${mount?.mountPath}/tls.crt`);
    expect(settings.get('TLS_KEY_FILE'), name).toBe(`${mount?.mountPath}/tls.key`);
  }
});

it('phones without internet access reach the port of push_server, which is closed without the component', () => {
  const manifests = rendered.get('push-service') ?? [];
  const { ports } = specOf<ServiceSpec>(manifests, 'Service', 'push-server');
  const listens = configMapOf('push-server', manifests).get('HTTP_PORT');
  expect(ports.map(({ name, port }) => [name, String(port)])).toEqual([['http', listens]]);
  const opened = [...rendered].filter(([, each]) =>
    allowedTraffic(each, workloadsOf(each)).some(
      ({ from, to }) => from === 'anybody' && to === 'push-server',
    ),
  );
  expect(opened.map(([name]) => name)).toEqual(['push-service']);
});

it('every pod may query DNS, also from a cache on its node', () => {
  for (const [name, manifests] of rendered) {
    const workloads = workloadsOf(manifests).filter(
      ({ name: workload }) => configMapOf(workload, manifests).size,
    );
    const rows = allowedTraffic(manifests, workloads).filter(({ ports }) => ports === '53/udp, 53');
    const resolvers = new Set(rows.map(({ to }) => to));
    expect([...resolvers], name).toHaveLength(name === 'node-local-dns' ? 2 : 1);
    for (const to of resolvers) {
      const asking = rows.filter((row) => row.to === to).map(({ from }) => from);
      expect(asking.sort(), `${name}: ${to}`).toEqual(workloads.map((workload) => workload.name).sort());
    }
  }
});
