import { expect, test } from 'vitest';
import { problemLine } from './problem-line.js';

test('shows warnings and worse, with the cause', () => {
  const line = JSON.stringify({ level: 'error', msg: 'a call failed', err: { message: 'no\nroute' } });
  expect(problemLine(line)).toBe('error: a call failed (no route)');
  expect(problemLine(JSON.stringify({ level: 'warn', msg: 'slow' }))).toBe('warn: slow');
});

test('leaves out what is no problem', () => {
  expect(problemLine(JSON.stringify({ level: 'info', msg: 'is up' }))).toBeUndefined();
  expect(problemLine('')).toBeUndefined();
});

test('shows last words that are no log entry, in bounds', () => {
  expect(problemLine('Error: out of memory')).toBe('Error: out of memory');
  expect(problemLine('{ broken')).toBe('{ broken');
  expect(problemLine('x'.repeat(1_000))).toHaveLength(301);
});
