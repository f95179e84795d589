import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);

/** A Kubernetes object as it would be applied. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [part: string]: unknown;
}

/** `dev`, `prod`, …: the folders of `k8s/overlays`. */
export async function overlayNames(top: string): Promise<string[]> {
  return (await readdir(path.join(top, 'k8s/overlays'))).sort();
}

/**
 * The output of `kustomize build` for an overlay.
 * @param env its KUSTOMIZE and PATH say where kustomize is
 * @throws Error with kustomize's message
 */
export async function renderOverlay(top: string, name: string, env = process.env): Promise<Manifest[]> {
  const folder = path.resolve(top, 'k8s/overlays', name);
  const program = env.KUSTOMIZE || 'kustomize';
  const { stdout } = await run(program, ['build', folder], {
    env,
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: Error & { stderr?: string; code?: unknown }) => {
    const hint = error.code === 'ENOENT' ? ' (Debian: apt-get install kustomize)' : '';
    throw new Error(`kustomize build ${name}: ${error.stderr?.trim() || error.message}${hint}`);
  });
  return parseManifests(stdout);
}

/**
 * Renders the base with components, as an overlay does.
 * @param settings `NAME=value` lists by ConfigMap
 * @param images as in a kustomization
 */
export async function renderWith(
  top: string,
  components: readonly string[],
  settings: Readonly<Record<string, string | readonly string[]>> = {},
  images: readonly object[] = [],
): Promise<Manifest[]> {
  const overlay = await mkdtemp(path.join(tmpdir(), 'teamtalk-overlay-'));
  const k8s = path.relative(overlay, path.join(top, 'k8s'));
  const kustomization = {
    resources: [`${k8s}/base`],
    components: components.map((component) => `${k8s}/components/${component}`),
    configMapGenerator: Object.entries(settings).map(([name, literals]) => ({
      name,
      behavior: 'merge',
      namespace: 'teamtalk',
      literals: [literals].flat(),
    })),
    images,
  };
  try {
    await writeFile(path.join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
    return await renderOverlay('', overlay);
  } finally {
    await rm(overlay, { recursive: true });
  }
}

/** The objects of a YAML text. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}
