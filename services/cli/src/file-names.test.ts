import path from 'node:path';
import { expect, it } from 'vitest';
import { freePath, plainName } from './file-names.js';

it.each([
  ['report.pdf', 'report.pdf'],
  ['报告 (1).docx', '报告 (1).docx'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\windows\\boot.ini', 'boot.ini'],
  ['/', 'file'],
  ['..', 'file'],
  ['.bashrc', 'bashrc'],
  ['', 'file'],
  ['a\0b\u001b[31m\n.txt', 'a_b_[31m_.txt'],
  ['\u202Etxt.exe', '_txt.exe'],
])('%j is kept as %j', (given, name) => {
  expect(plainName(given)).toBe(name);
});

it('a name is never too long for a file system', () => {
  expect(Buffer.byteLength(plainName('字'.repeat(255)))).toBeLessThanOrEqual(200);
});

it('a file that is there is never replaced', () => {
  const taken = ['a.txt', 'a (2).txt'].map((name) => path.join('/d', name));
  expect(freePath('/d', 'a.txt', (file) => taken.includes(file))).toBe(path.join('/d', 'a (3).txt'));
  expect(freePath('/d', 'b', () => false)).toBe(path.join('/d', 'b'));
});
