import { BlockList, isIP } from 'node:net';
import { ConfigError } from '@teamtalk/service-kit';
import { plainAddress } from './plain-address.js';

/** A set of IP addresses and CIDRs. */
export class Networks {
  readonly #list = new BlockList();

  /**
   * @param variable the name of the setting, for the error
   * @param text addresses and CIDRs, separated by commas
   * @throws ConfigError when one of them is neither
   */
  static parse(variable: string, text: string): Networks {
    const networks = new Networks();
    for (const part of text.split(',').map((each) => each.trim())) {
      if (part !== '' && !networks.#add(part)) {
        throw new ConfigError([`${variable}: ${part} is not an address or CIDR`]);
      }
    }
    return networks;
  }

  /**
   * @param address an IP address; IPv4 may be mapped to IPv6, as Node does on a dual-stack socket. Any other text, which
   *   a header may contain, is in no network
   */
  includes(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }

  #add(text: string): boolean {
    const [address = '', prefix, ...more] = text.split('/');
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || more.length > 0 || prefix === '' || !(length >= 0 && length <= bits)) return false;
    if (!Number.isInteger(length)) return false;
    this.#list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
    return true;
  }
}
