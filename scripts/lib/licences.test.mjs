import { expect, it } from 'vitest';
import { licenceProblems, productionLicences } from './licences.mjs';

const one = (name) => [{ name, versions: ['1.0.0'] }];

it('names packages whose licence is not allowed', () => {
  const licences = {
    MIT: one('fine'),
    '(MIT OR GPL-3.0-only)': one('either'),
    '(MIT OR X) AND GPL-3.0-only': one('both'),
    'GPL-3.0-only': one('strong'),
    Unknown: one('nameless'),
  };
  expect(licenceProblems(licences)).toEqual([
    'both 1.0.0: (MIT OR X) AND GPL-3.0-only',
    'strong 1.0.0: GPL-3.0-only',
    'nameless 1.0.0: Unknown',
  ]);
});

it('makes an exception for a package, not for its licence', () => {
  const licences = { 'LGPL-3.0-or-later': [...one('@img/sharp-libvips-linux-x64'), ...one('other')] };
  expect(licenceProblems(licences)).toEqual(['other 1.0.0: LGPL-3.0-or-later']);
});

it('sees what the services are shipped with, and not what they are tested with', async () => {
  const names = Object.values(await productionLicences()).flatMap((packages) =>
    packages.map(({ name }) => name),
  );
  expect(names).toEqual(expect.arrayContaining(['express', 'pg', 'pg-protocol', '@nats-io/transport-node']));
  expect(names).not.toContain('vitest');
});
