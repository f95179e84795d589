/** The format of a recording, recognised by its first bytes. */
export interface Recording {
  /** the MIME type with the codec, for `canPlayType` */
  readonly type: string;
  /** the file name extension */
  readonly extension: string;
}

const unknown: Recording = { type: 'application/octet-stream', extension: 'audio' };

/** The known formats, each with a signature and its offset. */
const kinds: readonly (Recording & { begin: string; at?: number })[] = [
  // The codec's name begins the first packet, after the header of the first page.
  { begin: 'OpusHead', at: 28, type: 'audio/ogg; codecs=opus', extension: 'ogg' },
  { begin: 'Speex   ', at: 28, type: 'audio/ogg; codecs=speex', extension: 'spx' },
  { begin: '\x01vorbis', at: 28, type: 'audio/ogg; codecs=vorbis', extension: 'ogg' },
  { begin: '#!AMR-WB\n', type: 'audio/amr-wb', extension: 'awb' },
  { begin: '#!AMR\n', type: 'audio/amr', extension: 'amr' },
  { begin: 'WAVE', at: 8, type: 'audio/wav', extension: 'wav' },
  { begin: 'ftyp', at: 4, type: 'audio/mp4', extension: 'm4a' },
  { begin: 'ID3', type: 'audio/mpeg', extension: 'mp3' },
  { begin: '\xff\xfb', type: 'audio/mpeg', extension: 'mp3' },
  { begin: '\xff\xf1', type: 'audio/aac', extension: 'aac' },
];

export function recordingOf(bytes: Uint8Array): Recording {
  const text = String.fromCharCode(...bytes.subarray(0, 40));
  return kinds.find(({ begin, at = 0 }) => text.startsWith(begin, at)) ?? unknown;
}
