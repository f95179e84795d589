import { expect, it } from 'vitest';
import { type FloodFigures, floodProblems, podLimitMib } from './flood-limits.js';

it('knows the memory limit of every service that is flooded', () => {
  const services = ['http_msg_server', 'file_server', 'msg_server', 'login_server'];
  expect(services.map(podLimitMib)).toEqual([512, 512, 1_024, 256]);
  expect(() => podLimitMib('none')).toThrow();
});

it('says what a flood did that it must not do', () => {
  const good: FloodFigures = {
    before: 100,
    peak: 511,
    minuteAfter: 228,
    limit: 512,
    quiet: { messages: 10, logins: 100 },
    loud: { messages: 19, logins: 999 },
  };
  expect(floodProblems(good)).toEqual([]);
  for (const bad of [
    { peak: 512 },
    { minuteAfter: 229 },
    { loud: { messages: 20, logins: 999 } },
    { loud: { messages: 19, logins: 1_000 } },
  ]) {
    expect(floodProblems({ ...good, ...bad })).toHaveLength(1);
  }
});
