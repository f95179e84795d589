import type { Manifest } from './rendered.js';
import type { Workload } from './workloads.js';

type Labels = Readonly<Record<string, string>>;

interface Selector {
  matchLabels?: Labels;
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port?: number | string; protocol?: string }[];
}

interface PolicySpec {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: Rule[];
  egress?: Rule[];
}

/** One allowed connection. */
export interface Allowed {
  from: string;
  to: string;
  ports: string;
}

/** Everything that is not a pod of this installation, as named on the page. */
const anybody = 'anybody';

/**
 * Which pods may connect to which. Between two of our pods both sides' policies have to allow it: what only one side
 * allows is left out, so that the page shows what really works.
 */
export function allowedTraffic(manifests: readonly Manifest[], workloads: readonly Workload[]): Allowed[] {
  const policies = manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((manifest) => manifest.spec as PolicySpec);
  const rows: Allowed[] = [];
  for (const target of workloads) {
    for (const rule of rulesFor(target, policies, 'ingress')) {
      for (const source of insidePeers(rule.from, workloads)) {
        if (allows(source, target, policies)) {
          rows.push({ from: source.name, to: target.name, ports: portsOf(rule) });
        }
      }
      for (const from of outsidePeers(rule.from)) rows.push({ from, to: target.name, ports: portsOf(rule) });
    }
    for (const rule of rulesFor(target, policies, 'egress')) {
      for (const to of outsidePeers(rule.to)) rows.push({ from: target.name, to, ports: portsOf(rule) });
      for (const to of absentPeers(rule.to, workloads)) {
        rows.push({ from: target.name, to, ports: portsOf(rule) });
      }
    }
  }
  return unique(rows);
}

/** Pods that no policy of a direction selects: everything would be allowed for them. */
export function unrestricted(
  manifests: readonly Manifest[],
  workloads: readonly Workload[],
  direction: 'Ingress' | 'Egress',
): string[] {
  const policies = manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as PolicySpec);
  return workloads
    .filter((workload) =>
      policies.every(
        (policy) =>
          !policy.policyTypes.includes(direction) || !matches(policy.podSelector, workload.podLabels),
      ),
    )
    .map(({ name }) => name);
}

function rulesFor(workload: Workload, policies: readonly PolicySpec[], direction: 'ingress' | 'egress') {
  return policies
    .filter((policy) => matches(policy.podSelector, workload.podLabels))
    .flatMap((policy) => policy[direction] ?? []);
}

/** Whether `source`'s own policies allow it to connect to `target`. */
function allows(source: Workload, target: Workload, policies: readonly PolicySpec[]): boolean {
  return rulesFor(source, policies, 'egress').some(
    ({ to }) => to === undefined || to.some((peer) => peersPod(peer, target)),
  );
}

function insidePeers(peers: readonly Peer[] | undefined, workloads: readonly Workload[]): Workload[] {
  return workloads.filter((workload) => peers?.some((peer) => peersPod(peer, workload)));
}

function peersPod(peer: Peer, { podLabels }: Workload): boolean {
  return peer.namespaceSelector === undefined && matches(peer.podSelector, podLabels);
}

/** Pods named by label that this rendering does not contain: stores that an operator or a chart brings. */
function absentPeers(peers: readonly Peer[] | undefined, workloads: readonly Workload[]): string[] {
  return (peers ?? [])
    .filter((peer) => peer.podSelector && !peer.namespaceSelector)
    .filter((peer) => !workloads.some((workload) => peersPod(peer, workload)))
    .map((peer) => `pods ${labelText(peer.podSelector)}`);
}

function outsidePeers(peers: readonly Peer[] | undefined): string[] {
  if (peers === undefined) return [anybody];
  return peers.flatMap((peer) => {
    if (peer.ipBlock) return [peer.ipBlock.cidr];
    if (!peer.namespaceSelector) return [];
    const pods = peer.podSelector ? `, pods ${labelText(peer.podSelector)}` : '';
    return [`namespaces ${labelText(peer.namespaceSelector)}${pods}`];
  });
}

function matches(selector: Selector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  return Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
}

function labelText(selector: Selector | undefined): string {
  const entries = Object.entries(selector?.matchLabels ?? {});
  return entries.map(([name, value]) => `${name}=${value}`).join(' ') || 'of any label';
}

function portsOf({ ports }: Rule): string {
  const texts = (ports ?? []).map(({ port, protocol }) => `${port}${protocol === 'UDP' ? '/udp' : ''}`);
  return texts.join(', ') || 'all';
}

function unique(rows: readonly Allowed[]): Allowed[] {
  const seen = new Map(rows.map((row) => [`${row.to}\n${row.from}\n${row.ports}`, row]));
  return [...seen.values()].sort(
    (a, b) => order(a.to, b.to) || order(a.from, b.from) || order(a.ports, b.ports),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
