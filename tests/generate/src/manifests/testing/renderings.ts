import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceConfigurations } from '@teamtalk/cli';
import { type Manifest, overlayNames, renderOverlay } from '../rendered.js';

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
  'outside-bucket': { msfs: 'S3_ENDPOINT=https://s3.example.com' },
  tracing: {},
  'nats-shared-user': {},
};

/** Each overlay as kustomize renders it, and the base with each component that no overlay uses, by name. */
export async function renderEverything(): Promise<Map<string, Manifest[]>> {
  const rendered = new Map<string, Manifest[]>();
  for (const name of await overlayNames(top)) rendered.set(name, await renderOverlay(top, name));
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-overlays-'));
  try {
    for (const [component, literals] of Object.entries(otherComponents)) {
      rendered.set(component, await renderWith(folder, component, literals));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return rendered;
}

/** The base with one more component, as an overlay of its own. */
async function renderWith(folder: string, component: string, literals: Readonly<Record<string, string>>) {
  const overlay = await mkdtemp(path.join(folder, 'overlay-'));
  const k8s = path.relative(overlay, path.join(top, 'k8s'));
  const images = Object.keys(serviceConfigurations).map((name) => ({
    name: `teamtalk/${name}`,
    newTag: '1.0',
  }));
  const kustomization = {
    resources: [`${k8s}/base`],
    components: [`${k8s}/components/${component}`],
    configMapGenerator: Object.entries(literals).map(([name, literal]) => ({
      name,
      behavior: 'merge',
      namespace: 'teamtalk',
      literals: [literal],
    })),
    images,
  };
  await writeFile(path.join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
  return renderOverlay('', overlay);
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
