const requested = {
  msg_server: 512,
  db_proxy_server: 512,
  route_server: 256,
  login_server: 128,
} as const;

export type MemoryBase = keyof typeof requested;

/** Memory of a replica before connections and sessions: the request of its pod in k8s/base. */
export const memoryBase = Object.fromEntries(
  Object.entries(requested).map(([service, mebibytes]) => [
    service,
    {
      bytes: mebibytes * 1024 ** 2,
      source: {
        page: `k8s/base/${service.replaceAll('_', '-')}/workload.yaml`,
        quote: `memory: ${mebibytes}Mi`,
      },
    },
  ]),
) as Record<MemoryBase, { bytes: number; source: { page: string; quote: string } }>;
