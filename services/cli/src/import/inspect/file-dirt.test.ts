import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { missingFiles } from './file-dirt.js';

const withoutRecordings = { hasTable: () => false } as unknown as LegacyDatabase;
const image = (place: string) => `&$#@~^@[{:http://old:8700/g0/${place}:}]&$~@#@`;

test('counts images in texts whose file is missing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'file-dirt-'));
  mkdirSync(path.join(folder, '000', '001'), { recursive: true });
  writeFileSync(path.join(folder, '000', '001', 'here.png'), 'picture');
  const texts = [
    'no image',
    `look: ${image('000/001/here.png')} and ${image('000/001/gone.png')}`,
    image('000/002/gone-too.png'),
    image('../../etc/passwd'),
  ];
  expect(await missingFiles(withoutRecordings, folder, texts)).toEqual([
    {
      name: 'image-file-missing',
      what: 'images in the newest texts whose file is missing',
      becomes: 'the text is kept, and clients show no image, as before',
      count: 3,
      samples: [
        'http://old:8700/g0/000/001/gone.png',
        'http://old:8700/g0/000/002/gone-too.png',
        'http://old:8700/g0/../../etc/passwd',
      ],
    },
  ]);
  expect(await missingFiles(withoutRecordings, folder, ['no image'])).toEqual([]);
});
