import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startOf } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFiles } from './run-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'run-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = () => path.join(folder, 'dev.lock');

test('only one may run, and the next one when it has ended', () => {
  const first = new RunFiles(folder);
  first.lock();
  expect(() => new RunFiles(folder).lock()).toThrow(`already runs here (process ${process.pid})`);
  first.unlock();
  new RunFiles(folder).lock();
});

test('the lock of a killed process does not hold, not even when its number is in use again', () => {
  writeFileSync(lockFile(), JSON.stringify({ pid: process.pid, start: `${startOf(process.pid)}0` }));
  new RunFiles(folder).lock();
  writeFileSync(lockFile(), '');
  new RunFiles(folder).lock();
});

test('the list of processes is replaced whole', () => {
  const files = new RunFiles(folder);
  const entries = [{ service: 'msfs', replica: 0, pid: 1, ports: { http: 8700, ops: 18700 } }];
  files.writeProcesses(entries);
  expect(JSON.parse(readFileSync(path.join(folder, 'processes.json'), 'utf8'))).toEqual(entries);
  files.clear();
  expect(readFileSync(path.join(folder, 'processes.json'), 'utf8').trim()).toBe('[]');
  expect(readdirSync(folder)).toEqual(['processes.json']);
});

test('what a killed owner left behind is stopped, and nobody else', async () => {
  const files = new RunFiles(folder);
  const script = 'setInterval(() => {}, 1000)';
  // The second argument stands for the start file of a service.
  const left = spawn(process.execPath, ['-e', script, '/x/services/msfs/dist/main.js'], { stdio: 'ignore' });
  const other = spawn(process.execPath, ['-e', script, 'something/else'], { stdio: 'ignore' });
  try {
    await Promise.all([once(left, 'spawn'), once(other, 'spawn')]);
    const entry = { service: 'msfs', replica: 0, ports: {} };
    files.writeProcesses([
      { ...entry, pid: left.pid! },
      { ...entry, pid: other.pid! },
    ]);
    expect(await files.stopLeftovers()).toBe(1);
    // Dead at once, but this process hears of it a moment later.
    await expect.poll(() => left.signalCode ?? left.exitCode, { timeout: 5_000 }).not.toBeNull();
    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
  } finally {
    left.kill('SIGKILL');
    other.kill('SIGKILL');
  }
});
