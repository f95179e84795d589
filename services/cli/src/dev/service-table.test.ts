import { serviceNames, traitsOf } from '@teamtalk/local-stack';
import { describeEnv } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { serviceConfigurations } from '../services.js';

describe.each(serviceNames)('what is known of %s', (service) => {
  it('is what its configuration says', async () => {
    const { envSchema } = await serviceConfigurations[service]!();
    const fallbacks = new Map(describeEnv(envSchema).map(({ name, fallback }) => [name, fallback]));
    const { ports, bus, database } = traitsOf(service);
    for (const { variable, fallback } of Object.values(ports)) {
      expect(fallbacks.get(variable), variable).toBe(String(fallback));
    }
    expect(bus).toBe(fallbacks.has('NATS_URL'));
    expect(database).toBe(fallbacks.has('DATABASE_URL'));
  });
});

it('no service is left out', () => {
  expect([...serviceNames].sort()).toEqual(Object.keys(serviceConfigurations).sort());
});
