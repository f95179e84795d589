import type { ProxyTarget } from '@teamtalk/local-stack';

/** A server that faults are done to. */
export interface ServerProcess {
  /** Two with the same name are the same: of what is aimed at both, one thing at a time is done. */
  readonly name: string;
  /** kill -9 */
  kill(): Promise<void>;
  /** Puts right what a kill did; resolves when what it gives is given as before. */
  start(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/** What the services stand on: one server, or several that stand in for each other. */
export interface Backend {
  /** By address that services are given, where its server listens now. */
  readonly addresses: readonly (() => readonly ProxyTarget[])[];
  /** Where the testbed itself is to go: the server, or any of them, that does what is asked. */
  current(): readonly ProxyTarget[];
  /** What services are given, when the addresses are behind proxies at these ports. */
  urlAt(ports: readonly number[]): string;
  process(k: number): ServerProcess;
  stop(): Promise<void>;
}

export function local(port: number): ProxyTarget {
  return { host: '127.0.0.1', port };
}
