import { expect, it } from 'vitest';
import { findServers, parseServer } from './servers.js';

it('resolves a name to all its addresses, without duplicates', async () => {
  expect(await findServers(['127.0.0.1:8001', '127.0.0.1:8000', '127.0.0.1:8000'])).toEqual([
    '127.0.0.1:8000',
    '127.0.0.1:8001',
  ]);
  expect(await findServers(['[::1]:8000'])).toEqual(['[::1]:8000']);
  expect(await findServers(['localhost:8000'])).toContain('127.0.0.1:8000');
  await expect(findServers(['no-such-host.invalid:8000'])).rejects.toThrow('no-such-host.invalid');
});

it('parses addresses of both families', () => {
  expect(parseServer('msg-server-pods:8000')).toEqual({ host: 'msg-server-pods', port: 8000 });
  expect(parseServer('[fd00::1]:8000')).toEqual({ host: 'fd00::1', port: 8000 });
});
