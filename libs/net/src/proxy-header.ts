import { SocketAddress } from 'node:net';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family, length of the rest. */
const fixedLength = 16;
/** Maximum length of addresses and TLVs, bytes; load balancers send far less. */
const maxVariableLength = 2_048;

const commandLocal = 0x20;
const commandProxy = 0x21;

/** Address families, and the bytes their addresses take. */
const families: ReadonlyMap<number, { name: 'unknown' | 'ipv4' | 'ipv6' | 'unix'; length: number }> = new Map(
  [
    [0x00, { name: 'unknown', length: 0 }],
    [0x11, { name: 'ipv4', length: 12 }],
    [0x21, { name: 'ipv6', length: 36 }],
    [0x31, { name: 'unix', length: 216 }],
  ],
);

export type ProxyHeaderErrorReason = 'no-header' | 'version' | 'family' | 'length' | 'address';

/** The connection does not begin with a PROXY header of the expected version. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
  readonly reason: ProxyHeaderErrorReason;

  constructor(reason: ProxyHeaderErrorReason) {
    super(`not a PROXY header: ${reason}`);
    this.reason = reason;
  }
}

export interface ProxyHeader {
  /** The client's IP address; undefined: use the socket's (a health check of the load balancer). */
  address: string | undefined;
  /** Bytes that followed the header. */
  rest: Buffer;
}

export interface ProxyParser {
  /**
   * Adds the next bytes of the connection.
   * @returns the header once it is complete; do not push after that
   * @throws ProxyHeaderError as soon as it cannot become a valid header
   */
  push(chunk: Buffer): ProxyHeader | undefined;
}

/**
 * Parses the binary PROXY header (protocol version 2, HAProxy specification) with which a load balancer begins a
 * connection, however its bytes are split. TLVs are skipped.
 */
export class ProxyHeaderParser implements ProxyParser {
  #bytes = Buffer.allocUnsafeSlow(fixedLength);
  #length = 0;

  push(chunk: Buffer): ProxyHeader | undefined {
    let taken = this.#take(chunk);
    this.#checkSignature();
    if (this.#length < fixedLength) return undefined;
    if (this.#bytes.length === fixedLength) {
      const variableLength = this.#checkedVariableLength();
      this.#bytes = Buffer.concat([this.#bytes], fixedLength + variableLength);
      taken += this.#take(chunk.subarray(taken));
    }
    if (this.#length < this.#bytes.length) return undefined;
    return { address: this.#address(), rest: chunk.subarray(taken) };
  }

  #take(chunk: Buffer): number {
    const copied = chunk.copy(this.#bytes, this.#length);
    this.#length += copied;
    return copied;
  }

  /** Checks the bytes received so far: a client that sends something else is refused without waiting for more. */
  #checkSignature(): void {
    const count = Math.min(this.#length, signature.length);
    if (signature.compare(this.#bytes, 0, count, 0, count) !== 0) throw new ProxyHeaderError('no-header');
  }

  #checkedVariableLength(): number {
    const command = this.#bytes[12]!;
    const length = this.#bytes.readUInt16BE(14);
    if (command !== commandLocal && command !== commandProxy) throw new ProxyHeaderError('version');
    if (length > maxVariableLength) throw new ProxyHeaderError('length');
    // The specification says to ignore the family of a LOCAL connection.
    if (command === commandLocal) return length;
    const family = families.get(this.#bytes[13]!);
    if (!family) throw new ProxyHeaderError('family');
    if (length < family.length) throw new ProxyHeaderError('length');
    return length;
  }

  #address(): string | undefined {
    if (this.#bytes[12] === commandLocal) return undefined;
    switch (families.get(this.#bytes[13]!)?.name) {
      case 'ipv4':
        return this.#bytes.subarray(fixedLength, fixedLength + 4).join('.');
      case 'ipv6':
        return groupsOf(this.#bytes.subarray(fixedLength, fixedLength + 16));
      default:
        return undefined;
    }
  }
}

function groupsOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return shortestForm(groups.join(':'));
}

/** An IPv6 address in its shortest form, as sockets report it. */
export function shortestForm(ipv6: string): string {
  const { address } = new SocketAddress({ family: 'ipv6', address: ipv6 });
  // A client that reached the load balancer by IPv4 keeps its IPv4 address.
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}
