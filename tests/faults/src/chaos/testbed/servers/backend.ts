import type { ProxyTarget } from '@teamtalk/local-stack';

/** A server that faults are injected into. */
export interface ServerProcess {
  /** Processes of the same name are the same: they get one fault at a time. */
  readonly name: string;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it after a kill; resolves when it serves as before. */
  start(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/** PostgreSQL or NATS: one server, or several that replace each other. */
export interface Backend {
  /** For each address that services know, where its server listens now. */
  readonly addresses: readonly (() => readonly ProxyTarget[])[];
  /** Where the testbed itself connects to: a server that serves at the moment. */
  current(): readonly ProxyTarget[];
  /** The URL for services, with proxies at these ports in front of the addresses. */
  urlAt(ports: readonly number[]): string;
  process(k: number): ServerProcess;
  stop(): Promise<void>;
}

export function local(port: number): ProxyTarget {
  return { host: '127.0.0.1', port };
}
