/** A condition of the chart's values that applies a component of k8s/components. */
interface Switch {
  component: string;
  /** as the template writes it */
  condition: string;
  /** settings that the component requires, as an overlay would set them: `NAME=value` by ConfigMap */
  settings?: Readonly<Record<string, string>>;
}

/** The values of `wayIn` besides `none`; an installation uses one. */
export const waysIn = ['node-port', 'load-balancer', 'per-pod-address'] as const;

/** Settings that the chart derives from the value `addresses`. */
export const addressSettings = { 'msg-server': 'ADVERTISE_IP1', 'file-server': 'ADVERTISE_IP' } as const;

const addresses = Object.fromEntries(
  Object.entries(addressSettings).map(([service, variable]) => [service, `${variable}=`]),
);

/** The value that switches on each component that can be combined with others. */
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
  pushHosts: 'push-hosts',
  outsideSignOn: 'outside-sign-on',
  pushService: 'push-service',
};

/** Components not in the chart: for trials, for versions older than the chart, done by Helm, or parts of others. */
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
