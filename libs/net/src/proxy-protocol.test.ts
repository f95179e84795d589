import { ConfigError } from '@teamtalk/service-kit';
import { expect, it } from 'vitest';
import { proxyProtocol } from './proxy-protocol.js';

it('a port accepts PROXY headers from nobody, anybody, or trusted load balancers', () => {
  const protocol = (PROXY_PROTOCOL: 'off' | 'v1' | 'v2', TRUSTED_PROXIES: string) =>
    proxyProtocol({ PROXY_PROTOCOL, TRUSTED_PROXIES });
  expect(protocol('off', '10.0.0.1')).toBeUndefined();
  expect(protocol('v1', ' ')).toEqual({ version: 'v1', sources: 'anybody' });
  const trusted = protocol('v2', '10.0.0.0/8');
  expect(trusted?.version).toBe('v2');
  expect(trusted?.sources !== 'anybody' && trusted?.sources.includes('10.1.2.3')).toBe(true);
  expect(() => protocol('off', 'balancer')).toThrow(ConfigError);
});
