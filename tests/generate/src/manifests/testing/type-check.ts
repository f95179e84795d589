import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Manifest } from '../rendered.js';
import { top } from './renderings.js';

const run = promisify(execFile);

/** Modules with the types of kinds that are not Kubernetes' own. */
const modules: Readonly<Record<string, string>> = {
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  'cert-manager.io/v1': '@kubernetes-models/cert-manager/cert-manager.io/v1',
  'postgresql.cnpg.io/v1': '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1',
  'gateway.networking.k8s.io/v1': '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
  'barmancloud.cnpg.io/v1': '.',
};

/** ObjectStore, whose types no package has; its configuration equals a former field of CloudNativePG's Cluster. */
const objectStore = `
import type { ICluster } from '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1/Cluster';
export interface IObjectStore {
  apiVersion: 'barmancloud.cnpg.io/v1';
  kind: 'ObjectStore';
  metadata: ICluster['metadata'];
  spec: {
    configuration: NonNullable<NonNullable<ICluster['spec']['backup']>['barmanObjectStore']>;
    retentionPolicy?: string;
  };
}
`;

const options = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--preserveSymlinks',
  '--module',
  'nodenext',
];

/**
 * Gives every object to the TypeScript compiler as a literal of its type, so that unknown fields, missing fields and
 * wrong types are errors.
 * @returns the compiler's messages; empty when there are none
 */
export async function typeCheck(manifests: readonly Manifest[]): Promise<string> {
  const lines = manifests.map(({ apiVersion, kind, ...rest }, k) => {
    const from = modules[apiVersion] ?? `kubernetes-models/${apiVersion}`;
    const literal = JSON.stringify({ apiVersion, kind, ...rest });
    const module = from === '.' ? `./${kind}.js` : `${from}/${kind}`;
    return `import type { I${kind} as T${k} } from '${module}';\nexport const o${k}: T${k} = ${literal};`;
  });
  const project = await mkdtemp(path.join(tmpdir(), 'teamtalk-types-'));
  try {
    await symlink(path.join(top, 'tests/generate/node_modules'), path.join(project, 'node_modules'));
    await writeFile(path.join(project, 'ObjectStore.ts'), objectStore);
    await writeFile(path.join(project, 'objects.ts'), lines.join('\n'));
    const tsc = path.join(top, 'node_modules/.bin/tsc');
    return await run(tsc, [...options, path.join(project, 'objects.ts')], { timeout: 60_000 }).then(
      () => '',
      (error: { stdout?: string }) => error.stdout || String(error),
    );
  } finally {
    await rm(project, { recursive: true });
  }
}
