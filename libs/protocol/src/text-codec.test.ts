import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextCodec, DEFAULT_TEXT_KEY, TextError, type TextErrorReason } from './text-codec.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);

// Made with `openssl enc -aes-256-ecb -nopad`; the number is the text's length in bytes.
const golden: [number, string, string][] = [
  [0, '', 'e5RnnlJkv4QGnGhkMwfvgA=='],
  [1, 'a', '8+lyaGSNdKxdsEEADyYxvw=='],
  [11, 'abcdefghijk', 'lMDZ3Xlp/47d7gxpOzpPlA=='],
  [12, 'abcdefghijkl', 'ev4p3sBPCmXm+2d/304Rww=='],
  [13, 'abcdefghijklm', 'PmbWR8E7a3tk1+lXlsXQNQr+GZ43+2mMfQMFqTsGBjY='],
  [15, 'abcdefghijklmno', '2I4T7qMXoGjtU1e3lXvS/1zIdZRUsFN9eOwYZegap80='],
  [16, 'abcdefghijklmnop', 'yzvXf4tyKEoXZiGITj4GyQfU6OB7fpsvZh6GP3dYB9g='],
  [28, 'abcdefghijklmnopqrstuvwxyz01', 'yzvXf4tyKEoXZiGITj4GybwCWNx5nvDtoVejfcM0GpM='],
  [29, 'abcdefghijklmnopqrstuvwxyz012', 'yzvXf4tyKEoXZiGITj4GyacPwt/UMNL/w+/waHjyea/gAjGO8xbyD9tUy63YSSIG'],
  [
    32,
    'abcdefghijklmnopqrstuvwxyz012345',
    'yzvXf4tyKEoXZiGITj4GydlNmdbsHSaHZ+gtb45JNahd5ib/7yMH525m4ID/jXE3',
  ],
  [8, '[语音]', 'QhGXlpFjvMFUNrtl1aaPzA=='],
  [6, '你好', 'UKheN9KmjZEOcj7ZdGedvw=='],
  [24, '今天下午三点开会', '+w5pXg3rhkocPDl+UVYAwFPF8pRl/oXY+rcuILJ1y1o='],
];

describe.each(golden)('a text of %i bytes, %j', (length, text, base64) => {
  it('is encrypted as clients do', () => {
    expect(Buffer.byteLength(text)).toBe(length);
    expect(codec.encrypt(text).toString('ascii')).toBe(base64);
  });

  it('is decrypted', () => {
    expect(codec.decrypt(Buffer.from(base64))).toBe(text);
    expect(codec.decrypt(new Uint8Array(Buffer.from(base64)))).toBe(text);
  });
});

it('decrypting returns any encrypted text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      expect(codec.decrypt(codec.encrypt(text))).toBe(text);
    }),
  );
  expect(codec.decrypt(codec.encrypt('\ufeffmarked'))).toBe('\ufeffmarked');
});

it('decrypting anything else throws a TextError or stays within bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, inBase64) => {
      const msgData = inBase64 ? Buffer.from(Buffer.from(bytes).toString('base64')) : bytes;
      try {
        expect(Buffer.byteLength(codec.decrypt(msgData))).toBeLessThanOrEqual(bytes.length - 4);
      } catch (error) {
        expect(error).toBeInstanceOf(TextError);
      }
    }),
  );
});

describe('decrypting', () => {
  // Blocks made with openssl and the default key.
  const cases: [string, string, TextErrorReason][] = [
    ['plain text', 'hello, world', 'not-base64'],
    ['base64 without its padding', 'e5RnnlJkv4QGnGhkMwfvgA', 'not-base64'],
    ['base64 with a line break', 'e5Rn\nlJkv4QGnGhkMwfvgA=', 'not-base64'],
    ['base64 of the URL alphabet', '8-lyaGSNdKxdsEEADyYxvw==', 'not-base64'],
    ['padding inside', 'e5Rn===kv4QGnGhkMwfvgA==', 'not-base64'],
    ['nothing', '', 'not-whole-blocks'],
    ['half a block', 'e5RnnlJkv4Q=', 'not-whole-blocks'],
    ['a length one above the room', 'mKT7QpKlHRENehnKnRnQSg==', 'length-out-of-bounds'],
    ['a length of 32 bits', '9BW4GMqvvR03wZsPlJPCpw==', 'length-out-of-bounds'],
    ['bytes that are not UTF-8', 'j2lXC99lMUxYP/GOkaW/ng==', 'not-utf8'],
  ];

  it.each(cases)('%s is refused', (_name, msgData, reason) => {
    try {
      codec.decrypt(Buffer.from(msgData));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TextError);
      expect(error).toMatchObject({ name: 'TextError', reason });
    }
  });

  it('a text encrypted with another key is refused', () => {
    const other = createTextCodec('another key of exactly 32 bytes!');
    expect(() => other.decrypt(codec.encrypt('hello'))).toThrow(TextError);
    expect(other.decrypt(other.encrypt('hello'))).toBe('hello');
  });

  it('more blocks than the text needs are accepted', () => {
    expect(codec.decrypt(Buffer.from('ClDKUwlVIS2dKkjkeVCgMXhBcO9Py71/6d9d2PDnimM='))).toBe('abc');
  });
});

describe('the key', () => {
  it.each(['', 'short', `${DEFAULT_TEXT_KEY}x`, '中'.repeat(32)])('%j is refused', (key) => {
    expect(() => createTextCodec(key)).toThrow(RangeError);
  });

  it('may be given as bytes, and is copied', () => {
    const key = Buffer.from(DEFAULT_TEXT_KEY);
    const fromBytes = createTextCodec(key);
    key.fill(0);
    expect(fromBytes.encrypt('a').equals(codec.encrypt('a'))).toBe(true);
  });
});
