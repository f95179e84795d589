import { expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { tellAddresses } from './tell-addresses.js';

it('tells what clients are told, by which variable, and whether it is set', () => {
  const config = loadConfig({ NATS_URL: 'nats://nats', DISCOVERY_URL: 'https://list.example.com/' });
  expect(tellAddresses(config)().addresses).toEqual([
    { variable: 'MSFS_PRIOR_URL', value: 'http://127.0.0.1:8700/', byDefault: true },
    { variable: 'MSFS_BACKUP_URL', value: 'http://127.0.0.1:8700/', byDefault: true },
    { variable: 'DISCOVERY_URL', value: 'https://list.example.com/', byDefault: false },
    { variable: 'BASE_URL', value: '', byDefault: true },
  ]);
});
