/** What the chart's values switch on, by the component of k8s/components that does it. */
interface Switch {
  component: string;
  /** of the template */
  condition: string;
  /** settings the component needs, as an overlay would give them: `NAME=value` by ConfigMap */
  settings?: Readonly<Record<string, string>>;
}

/** Ways in, of which an installation has one: the values of `wayIn`, besides `none`. */
export const waysIn = ['node-port', 'load-balancer', 'per-pod-address'] as const;

/** Settings the chart writes itself, from the value `addresses`. */
export const addressSettings = { 'msg-server': 'ADVERTISE_IP1', 'file-server': 'ADVERTISE_IP' } as const;

const addresses = Object.fromEntries(
  Object.entries(addressSettings).map(([service, variable]) => [service, `${variable}=`]),
);

/** The switch of each component that can be on beside others, by the name of its value. */
export const components: Readonly<Record<string, string>> = {
  tls: 'tls',
  cloudNativePg: 'cloudnative-pg',
  httpTls: 'http-tls',
  ingress: 'ingress',
  gateway: 'gateway',
  monitoring: 'monitoring',
  tracing: 'tracing',
  canary: 'canary',
  nodeLocalDns: 'node-local-dns',
  outsideBucket: 'outside-bucket',
  outsidePush: 'outside-push',
  outsideSignOn: 'outside-sign-on',
  pushService: 'push-service',
};

/** Components that the chart does not have: for trying only, for a version before the chart, what Helm does, and parts of others. */
export const leftOut = ['dev-stores', 'nats-shared-user', 'gitops', 'entrances', 'file-server-address'];

export const switches: readonly Switch[] = [
  ...waysIn.map((component) => ({
    component,
    condition: `eq $.Values.wayIn "${component}"`,
    ...(component !== 'node-port' && { settings: addresses }),
  })),
  ...Object.entries(components).map(([value, component]) => ({
    component,
    condition: `$.Values.${value}.enabled`,
  })),
];
