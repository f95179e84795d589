import type { Directory, Known } from '@teamtalk/observer';
import { Failure } from '../failure.js';

/** Instances by the addresses of their metrics, as the command line names them. */
export class ListedInstances implements Directory {
  readonly source: string;
  readonly doubt = undefined;
  readonly #known: Known[];

  /**
   * @param list `host:port` or URLs, separated by commas
   * @throws Failure naming what is neither
   */
  constructor(list: string) {
    const addresses = [
      ...new Set(list.split(',').flatMap((each) => (each.trim() ? [addressOf(each.trim())] : []))),
    ];
    if (addresses.length === 0) throw new Failure('--metrics names no address');
    this.source = `${addresses.length} address${addresses.length === 1 ? '' : 'es'}`;
    this.#known = addresses.map((address) => ({
      key: address,
      service: undefined,
      instance: undefined,
      address,
      draining: false,
    }));
  }

  known(): Known[] {
    return this.#known;
  }
}

function addressOf(text: string): string {
  const url = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(url)) {
    const { protocol, hostname, port } = new URL(url);
    if (protocol === 'http:' && hostname && port) return `${hostname}:${port}`;
  }
  throw new Failure(`--metrics: ${text} is no host:port of a service's health and metrics`);
}
