import type { PeerCertificate } from 'node:tls';
import type { Kit } from '@teamtalk/service-kit';
import {
  accounts,
  administration,
  apps,
  bots,
  broadcasts,
  consoles,
  files,
  groups,
  messages,
  pushes,
  traces,
  webhooks,
} from './definitions.js';

interface Named {
  readonly path: string;
}

/** Of which methods each caller may make use, by the name in its certificate. */
const methodsOf: Readonly<Record<string, readonly Named[]>> = {
  'msg-server': [
    ...Object.values<Named>(accounts),
    ...Object.values<Named>(groups),
    ...Object.values<Named>(messages),
    files.addOfflineFile,
    files.confirmFileAnnouncements,
    files.deleteOfflineFile,
    files.listOfflineFiles,
  ],
  'http-msg-server': [
    ...Object.values<Named>(administration),
    ...Object.values<Named>(apps),
    ...Object.values<Named>(bots),
    ...Object.values<Named>(broadcasts),
    ...Object.values<Named>(webhooks),
    groups.createGroup,
    groups.changeMembers,
    messages.append,
    messages.getHistory,
  ],
  'file-server': [
    files.claimFileAnnouncements,
    files.confirmFileAnnouncements,
    files.createFileTask,
    files.getFileTask,
    files.addFilePart,
    files.cutFileParts,
    files.completeFileTask,
    files.extendFileTask,
    files.listExpiredFileTasks,
    files.removeFileTasks,
  ],
  /** it makes all other calls through Console.Call, as a console account */
  'admin-server': Object.values<Named>(consoles),
  'push-server': Object.values<Named>(pushes),
  /** `teamtalk trace` */
  operator: Object.values<Named>(traces),
};

/** By caller, the paths of the methods it may call. */
export const callers: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(methodsOf).map(([name, methods]) => [name, new Set(methods.map(({ path }) => path))]),
);

/** Kinds of refusals of which each is logged once. */
const maxLogged = 100;

/** What grpc-js knows of a caller; without TLS, or with a certificate of another authority, nothing. */
export interface Caller {
  getAuthContext(): { sslPeerCertificate?: PeerCertificate | undefined };
}

/**
 * Which calls a server answers. The caller's certificate decides: its names, or its subject where it has none. A certificate
 * with the server's own name opens everything: the version before has one for all services.
 */
export class CallerCheck {
  #ownName: string | undefined;
  readonly #kit: Kit;
  readonly #refused;
  readonly #logged = new Set<string>();

  constructor(kit: Kit) {
    this.#kit = kit;
    this.#refused = kit.metrics.counter(
      'grpc_refused_total',
      'gRPC calls refused because the caller’s certificate does not allow the method',
      ['method'],
    );
  }

  /** Begins to check; until then every call is allowed. */
  begin(ownName: string): void {
    this.#ownName = ownName;
  }

  /** @param method its path */
  allows(method: string, caller: Caller): boolean {
    if (this.#ownName === undefined) return true;
    const names = namesOf(caller.getAuthContext().sslPeerCertificate);
    if (names.some((name) => name === this.#ownName || callers.get(name)?.has(method))) return true;
    this.#refused.inc({ method: method.split('/').at(-1) ?? method });
    const kind = `${names.join()} ${method}`;
    if (!this.#logged.has(kind) && this.#logged.size < maxLogged) {
      this.#logged.add(kind);
      this.#kit.log.error({ caller: names, method }, 'gRPC call refused; the certificate does not allow it');
    }
    return false;
  }
}

function namesOf(certificate: PeerCertificate | undefined): string[] {
  if (!certificate) return [];
  // A quoted name contains a separator, so splitting it could yield a forged name.
  const names = (certificate.subjectaltname ?? '')
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .split(', ')
    .flatMap((each) => /^DNS:(.+)$/.exec(each)?.[1] ?? []);
  const subject = certificate.subject?.CN;
  return names.length === 0 && typeof subject === 'string' ? [subject] : names;
}
