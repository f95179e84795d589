import type { EnvSchema } from '@teamtalk/service-kit';
import { parseManifests } from './rendered.js';
import { workloadsOf } from './workloads.js';

/** The folder of a service below `k8s/base`: Kubernetes' names have no underscores. */
export function folderOf(service: string): string {
  return service.replaceAll('_', '-');
}

/**
 * The service's variables that its workload sets itself: secrets, and those that depend on the pod.
 * @param workloads the texts of its `workload.yaml` and of what all workloads share
 */
export function variablesOfWorkload(schema: EnvSchema, workloads: readonly string[]): Set<string> {
  const names = workloadsOf(workloads.flatMap(parseManifests))
    .flatMap(({ pod }) => pod.containers)
    .flatMap(({ env }) => env ?? [])
    .map(({ name }) => name);
  return new Set(names.filter((name) => name in schema));
}
