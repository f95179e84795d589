import type { Container, Workload } from './workloads.js';

interface Rule {
  title: string;
  /** whether the container complies */
  check(container: Container, workload: Workload): boolean;
}

const isService = ({ kind }: Workload) => kind !== 'Job';

/** Rules for every container of ours and of the stores we ship. */
export const rules: readonly Rule[] = [
  {
    title: 'image by version or digest',
    check: ({ image }) => /@sha256:[0-9a-f]{64}$|:(?!latest$)[\w.-]+$/.test(image),
  },
  {
    title: 'limits',
    check: ({ resources }) => resources?.limits?.cpu !== undefined && resources.limits.memory !== undefined,
  },
  {
    title: 'requests',
    check: ({ resources }) =>
      resources?.requests?.cpu !== undefined && resources.requests.memory !== undefined,
  },
  {
    title: 'startup, liveness, readiness probe',
    check: (container, workload) =>
      !isService(workload) ||
      Boolean(container.startupProbe && container.livenessProbe && container.readinessProbe),
  },
  {
    title: 'not root',
    check: (_, { pod }) => pod.securityContext?.runAsNonRoot === true,
  },
  {
    title: 'read-only root, no privileges',
    check: ({ securityContext: own }) =>
      own?.allowPrivilegeEscalation === false &&
      own.readOnlyRootFilesystem === true &&
      own.capabilities?.drop?.includes('ALL') === true,
  },
  {
    title: 'default seccomp profile',
    check: (_, { pod }) => pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
  },
  { title: 'no API token', check: (_, { pod }) => pod.automountServiceAccountToken === false },
];

/** One line a container: its name, and whether it complies with each rule, in their order. */
export function judge(workload: Workload): { container: string; kept: boolean[] }[] {
  const containers = [...(workload.pod.initContainers ?? []), ...workload.pod.containers];
  return containers.map((container) => ({
    container: containers.length > 1 ? `${workload.name} / ${container.name}` : workload.name,
    kept: rules.map((rule) => rule.check(container, workload)),
  }));
}
