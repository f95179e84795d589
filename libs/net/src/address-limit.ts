import type { EventEmitter } from 'node:events';
import { type ClientLog, type EnvValues, env, sourceNetwork } from '@teamtalk/service-kit';
import { Networks } from './networks.js';
import { plainAddress } from './plain-address.js';

/** Variables of a server that clients connect to. */
export const addressLimitEnv = {
  MAX_CONNECTIONS_PER_ADDRESS: env.integer(
    0,
    0,
    1_000_000,
    'Connections from one address (of IPv6: one /64) at most, at each port; further ones are refused. 0: half of all the port accepts',
  ),
  ADDRESS_LIMIT_EXEMPT: env.string(
    '127.0.0.0/8,::1',
    'Addresses or CIDRs, separated by commas, to which MAX_CONNECTIONS_PER_ADDRESS does not apply; none: it applies to all. A load balancer that does not tell its clients’ addresses belongs here',
  ),
};

export interface AddressLimits {
  /** 0: half of what the listener accepts */
  perAddress: number;
  exempt: Networks;
}

/** @throws ConfigError when an exempt network is neither an address nor a CIDR */
export function addressLimits(values: EnvValues<typeof addressLimitEnv>): AddressLimits {
  const exempt = values.ADDRESS_LIMIT_EXEMPT === 'none' ? '' : values.ADDRESS_LIMIT_EXEMPT;
  return {
    perAddress: values.MAX_CONNECTIONS_PER_ADDRESS,
    exempt: Networks.parse('ADDRESS_LIMIT_EXEMPT', exempt),
  };
}

export interface AddressLimitOptions extends AddressLimits {
  /** what is limited, for the log; default: connections */
  what?: string;
  /** what the listener accepts from all addresses together */
  total: number;
  refused: { inc(): void };
  clientLog: ClientLog;
}

interface Holders {
  readonly limit: AddressLimit;
  readonly network: string;
  count: number;
}

const holdersKey = Symbol('holders of the same network');

interface Holder extends EventEmitter {
  [holdersKey]?: Holders;
}

// Shared by all, so that idle connections need no closures.
function onClose(this: Holder): void {
  this[holdersKey]?.limit.release(this[holdersKey]);
}

/** Limits what one client address holds at a time: connections, or requests. */
export class AddressLimit {
  /** The most one address may hold. */
  readonly max: number;
  readonly #exempt: Networks;
  readonly #what: string;
  readonly #refused: { inc(): void };
  readonly #clientLog: ClientLog;
  readonly #holders = new Map<string, Holders>();

  constructor({ what = 'connections', perAddress, total, exempt, refused, clientLog }: AddressLimitOptions) {
    this.#what = what;
    this.max = perAddress || Math.max(1, Math.ceil(total / 2));
    this.#exempt = exempt;
    this.#refused = refused;
    this.#clientLog = clientLog;
  }

  /**
   * Counts a connection or response until its `close` event.
   * @param address the client's IP address; undefined: it has gone already, and is not counted
   * @returns false when its address holds as many as it may
   */
  admit(holder: EventEmitter, address: string | undefined): boolean {
    if (address === undefined) return true;
    // All that a proxy forwards without a valid address counts as one network.
    const network = sourceNetwork(plainAddress(address));
    let holders = this.#holders.get(network);
    if (holders) {
      if (holders.count >= this.max && !this.#exempt.includes(address)) {
        this.#refuse(network);
        return false;
      }
    } else {
      holders = { limit: this, network, count: 0 };
      this.#holders.set(network, holders);
    }
    holders.count++;
    (holder as Holder)[holdersKey] = holders;
    holder.on('close', onClose);
    return true;
  }

  release(holders: Holders): void {
    holders.count--;
    if (holders.count === 0) this.#holders.delete(holders.network);
  }

  #refuse(network: string): void {
    this.#refused.inc();
    this.#clientLog.warn(
      network,
      { address: network, what: this.#what, max: this.max },
      'one address has too many; refusing more',
    );
  }
}
