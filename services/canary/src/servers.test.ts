import { expect, it } from 'vitest';
import { findServers, parseServer } from './servers.js';

it('takes a name for all its addresses, and each address once', async () => {
  expect(await findServers(['127.0.0.1:8001', '127.0.0.1:8000', '127.0.0.1:8000'])).toEqual([
    '127.0.0.1:8000',
    '127.0.0.1:8001',
  ]);
  expect(await findServers(['[::1]:8000'])).toEqual(['[::1]:8000']);
  expect(await findServers(['localhost:8000'])).toContain('127.0.0.1:8000');
  await expect(findServers(['no-such-host.invalid:8000'])).rejects.toThrow('no-such-host.invalid');
});

it('reads addresses of both families', () => {
  expect(parseServer('msg-server-pods:8000')).toEqual({ host: 'msg-server-pods', port: 8000 });
  expect(parseServer('[fd00::1]:8000')).toEqual({ host: 'fd00::1', port: 8000 });
});
