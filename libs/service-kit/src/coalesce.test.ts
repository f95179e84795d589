import { expect, it } from 'vitest';
import { coalesce } from './coalesce.js';

function counted() {
  const asked: { since: number; resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const share = coalesce(
    (since) => new Promise<string>((resolve, reject) => asked.push({ since, resolve, reject })),
  );
  return { asked, share };
}

it('callers that arrive during a request share the next one', async () => {
  const { asked, share } = counted();
  const first = share(0);
  const others = Array.from({ length: 100 }, () => share(0));
  expect(asked).toHaveLength(1);
  asked[0]!.resolve('before they called');
  expect(await first).toBe('before they called');
  const latest = share(0);
  expect(asked).toHaveLength(2);
  asked[1]!.resolve('after they called');
  expect(new Set(await Promise.all(others))).toEqual(new Set(['after they called']));
  // Called while the second request was running.
  expect(asked).toHaveLength(3);
  asked[2]!.resolve('after all');
  expect(await latest).toBe('after all');
});

it('starts a request when none is running, and keeps different keys apart', async () => {
  const { asked, share } = counted();
  const answers = [share(1), share(2)];
  for (const { since, resolve } of asked) resolve(`since ${since}`);
  expect(await Promise.all(answers)).toEqual(['since 1', 'since 2']);
  void share(1);
  expect(asked).toHaveLength(3);
});

it('fails for callers that share a failed request, not for later ones', async () => {
  const { asked, share } = counted();
  const first = share(0);
  const second = share(0);
  asked[0]!.reject(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  asked[1]!.resolve('back');
  expect(await second).toBe('back');
});
