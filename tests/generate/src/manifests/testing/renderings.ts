import { fileURLToPath } from 'node:url';
import { serviceConfigurations } from '@teamtalk/cli';
import { type Manifest, overlayNames, renderOverlay, renderWith } from '../rendered.js';

export const top = fileURLToPath(new URL('../../../../../', import.meta.url));

/** Components that no overlay of ours uses, with the settings they need; each must fit the base too. */
export const otherComponents: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'load-balancer': {
    'msg-server': 'ADVERTISE_IP1=203.0.113.10',
    'file-server': 'ADVERTISE_IP=file-server-0=203.0.113.20,file-server-1=203.0.113.21',
  },
  'per-pod-address': {
    'msg-server': 'ADVERTISE_IP1=msg-server-0=203.0.113.10,msg-server-1=203.0.113.11',
    'file-server': 'ADVERTISE_IP=file-server-0=203.0.113.20,file-server-1=203.0.113.21',
  },
  'outside-push': {},
  'push-hosts': {},
  'push-service': { 'push-server': 'PUSH_SERVICE_URL=https://push.example.com' },
  'outside-sign-on': {},
  'outside-bucket': { msfs: 'S3_ENDPOINT=https://s3.example.com' },
  tracing: {},
  'nats-shared-user': {},
  'node-local-dns': {},
  ingress: {},
  gateway: {},
  'http-tls': {},
  canary: {},
  gitops: {},
};

/** Each overlay as kustomize renders it, and the base with each component that no overlay uses, by name. */
export async function renderEverything(): Promise<Map<string, Manifest[]>> {
  const rendered = new Map<string, Manifest[]>();
  for (const name of await overlayNames(top)) rendered.set(name, await renderOverlay(top, name));
  for (const [component, settings] of Object.entries(otherComponents)) {
    rendered.set(component, await renderWith(top, [component], settings, images));
  }
  return rendered;
}

const images = [...Object.keys(serviceConfigurations), 'canary'].map((name) => ({
  name: `teamtalk/${name}`,
  newTag: '1.0',
}));

/**
 * The pods in a list of `pod=address` pairs.
 * @param value of the setting
 * @returns undefined when all pods share one address or none is set
 */
export function podsWithAddress(value: string | undefined): string[] | undefined {
  if (!value?.includes('=')) return undefined;
  return value.split(',').map((pair) => pair.split('=')[0] ?? '');
}

/** The data of a ConfigMap, to whose name kustomize may have added a hash; empty when there is none. */
export function configMapOf(name: string, manifests: readonly Manifest[]): Map<string, string> {
  const map = manifests.find(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' &&
      (metadata.name === name || metadata.name.replace(/-[a-z0-9]{10}$/, '') === name),
  );
  return new Map(Object.entries((map?.data as Record<string, string> | undefined) ?? {}));
}

/**
 * The `spec` of an object.
 * @param name undefined: the only one of that kind
 * @throws Error when there is none
 */
export function specOf<T>(manifests: readonly Manifest[], kind: string, name?: string): T {
  const found = manifests.find((each) => each.kind === kind && (!name || each.metadata.name === name));
  if (!found) throw new Error(`no ${kind} ${name ?? ''}`);
  return found.spec as T;
}
