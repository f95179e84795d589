import { expect, it } from 'vitest';
import { recordingOf } from './voice.js';

const ogg = (codec: string) => `OggS${'\0'.repeat(24)}${codec}\x01more`;

it.each([
  [ogg('OpusHead'), 'audio/ogg; codecs=opus', 'ogg'],
  [ogg('Speex   '), 'audio/ogg; codecs=speex', 'spx'],
  ['#!AMR\n<', 'audio/amr', 'amr'],
  ['#!AMR-WB\n<', 'audio/amr-wb', 'awb'],
  ['RIFF\x24\0\0\0WAVEfmt ', 'audio/wav', 'wav'],
  ['\0\0\0\x18ftypM4A ', 'audio/mp4', 'm4a'],
  ['\xff\xfb\x90', 'audio/mpeg', 'mp3'],
  ['nothing known', 'application/octet-stream', 'audio'],
  ['', 'application/octet-stream', 'audio'],
])('%j is %s', (begin, type, extension) => {
  expect(recordingOf(Buffer.from(begin, 'latin1'))).toMatchObject({ type, extension });
});
