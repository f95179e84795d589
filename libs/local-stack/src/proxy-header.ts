const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export interface ProxyHeaderOptions {
  /** 0x21 PROXY, 0x20 LOCAL */
  command?: number;
  family?: number;
  /** replaces the addresses */
  block?: Buffer;
  tlvs?: Buffer;
}

/**
 * The PROXY header, version 2, with which a load balancer begins the connection of a client.
 * @param address `203.0.113.7`, or an IPv6 address with all its eight groups
 */
export function proxyHeader(address: string, options: ProxyHeaderOptions = {}): Buffer {
  const isIpv4 = address.includes('.');
  const {
    command = 0x21,
    family = isIpv4 ? 0x11 : 0x21,
    block = addressBlock(address, isIpv4),
    tlvs = Buffer.alloc(0),
  } = options;
  const fixed = Buffer.from([command, family, 0, 0]);
  fixed.writeUInt16BE(block.length + tlvs.length, 2);
  return Buffer.concat([signature, fixed, block, tlvs]);
}

/** The same header in version 1 of the PROXY protocol. */
export function proxyLine(address: string): Buffer {
  const [family, target] = address.includes('.') ? ['TCP4', '10.0.0.1'] : ['TCP6', '::1'];
  return Buffer.from(`PROXY ${family} ${address} ${target} 54321 8000\r\n`);
}

/** The client's address, the load balancer's, and both ports. */
function addressBlock(address: string, isIpv4: boolean): Buffer {
  const source = isIpv4
    ? Buffer.from(address.split('.').map(Number))
    : Buffer.from(
        address
          .split(':')
          .map((group) => group.padStart(4, '0'))
          .join(''),
        'hex',
      );
  const target = isIpv4 ? Buffer.from([10, 0, 0, 1]) : Buffer.alloc(16, 1);
  const ports = Buffer.from([0xd4, 0x31, 0x1f, 0x40]);
  return Buffer.concat([source, target, ports]);
}
