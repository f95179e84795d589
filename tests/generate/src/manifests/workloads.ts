import type { Manifest } from './rendered.js';

/** An HTTP probe and its timing. */
export interface Probe {
  periodSeconds?: number;
  failureThreshold?: number;
  httpGet?: { path: string };
}

/** The fields of a container that are used here. */
export interface Container {
  name: string;
  image: string;
  env?: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } };
  }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    capabilities?: { drop?: string[] };
  };
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  ports?: { name?: string; containerPort: number }[];
  volumeMounts?: { name?: string; mountPath: string }[];
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
}

interface PodSpec {
  affinity?: { podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: object[] } };
  topologySpreadConstraints?: { topologyKey: string }[];
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
  volumes?: { name?: string; secret?: { secretName: string } }[];
  containers: Container[];
  initContainers?: Container[];
}

/** A Deployment, StatefulSet or Job. */
export interface Workload {
  kind: string;
  name: string;
  podLabels: Readonly<Record<string, string>>;
  pod: PodSpec;
}

/** Every object that creates pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const spec = manifest.spec as
      | { template?: { metadata?: Manifest['metadata']; spec: PodSpec } }
      | undefined;
    if (!spec?.template) return [];
    const { kind, metadata } = manifest;
    return [
      { kind, name: metadata.name, podLabels: spec.template.metadata?.labels ?? {}, pod: spec.template.spec },
    ];
  });
}
