/** Samples in an Opus packet of 20 ms, at the 48 kHz that Ogg counts in. */
const packetSamples = 960;

/** Silence in Ogg Opus, the format that apps of a fork record. */
export function opusRecording(seconds: number): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead');
  head[8] = 1;
  head[9] = 1;
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)]);
  const silence = Buffer.from([0xf8, 0xff, 0xfe]);
  return oggOf([head, tags, ...Array.from({ length: seconds * 50 }, () => silence)]);
}

/** An Ogg stream with one packet per page; the first two packets are headers. */
export function oggOf(packets: readonly Buffer[]): Buffer {
  return Buffer.concat(
    packets.map((packet, i) => {
      const samples = Math.max(0, i - 1) * packetSamples;
      const flags = i === 0 ? 2 : i === packets.length - 1 ? 4 : 0;
      return pageOf(packet, i, samples, flags);
    }),
  );
}

function pageOf(packet: Buffer, number: number, samples: number, flags: number): Buffer {
  const header = Buffer.alloc(28);
  header.write('OggS');
  header[5] = flags;
  header.writeBigUInt64LE(BigInt(samples), 6);
  header.writeUInt32LE(4711, 14);
  header.writeUInt32LE(number, 18);
  header[26] = 1;
  header[27] = packet.length;
  const page = Buffer.concat([header, packet]);
  page.writeUInt32LE(checksumOf(page), 22);
  return page;
}

/** The Ogg CRC: polynomial 0x04c11db7, most significant bit first. */
function checksumOf(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
