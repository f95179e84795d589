import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as protocol from './index.js';

it('the schema is part of the API', () => {
  expect(protocol.IM.BaseDefine.ServiceID.SID_MSG).toBe(3);
  expect(protocol.Commands.MsgData.type).toBe(protocol.IM.Message.IMMsgData);
});

it('nothing in the library does I/O', () => {
  const sources = readdirSync(new URL('.', import.meta.url)).filter(
    (file) => /\.[jt]s$/.test(file) && !/\.test\.|\.d\.ts$/.test(file),
  );
  const imported = sources.flatMap((file) =>
    Array.from(
      readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(/from '(node:[^']+)'/g),
      ([, module]) => module,
    ),
  );
  expect(sources.length).toBeGreaterThan(8);
  expect(new Set(imported)).toEqual(new Set(['node:crypto']));
});
