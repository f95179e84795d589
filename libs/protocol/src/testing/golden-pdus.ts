import { readFileSync } from 'node:fs';

export interface GoldenPdu {
  /** Enum member of the command, `CID_MSG_DATA`. */
  command: string;
  /** Whether every field is set, or only the required ones. */
  fields: 'all' | 'required';
  seqNum: number;
  pdu: Buffer;
  message: Record<string, unknown>;
}

interface Fixture {
  pdus: (Omit<GoldenPdu, 'pdu'> & { pdu: string })[];
}

/** The PDUs of fixtures/pdus.json. */
export function readGoldenPdus(): GoldenPdu[] {
  const text = readFileSync(new URL('../../fixtures/pdus.json', import.meta.url), 'utf8');
  const fixture = JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith('hex:') ? Buffer.from(value.slice(4), 'hex') : value,
  ) as Fixture;
  return fixture.pdus.map((golden) => ({ ...golden, pdu: Buffer.from(golden.pdu, 'hex') }));
}
