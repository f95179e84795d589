import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownIds } from './known-ids.js';

describe('KnownIds', () => {
  it('equals a set, whatever the order', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 1, arbitrary: fc.record({ cover: fc.integer({ min: 0, max: 60 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const known = new KnownIds();
        const model = new Set<number>();
        for (const each of steps) {
          if ('add' in each) {
            expect(known.add(each.add)).toBe(!model.has(each.add));
            model.add(each.add);
          } else {
            known.cover(each.cover);
            for (let id = 1; id <= each.cover; id++) model.add(id);
          }
          let floor = 0;
          while (model.has(floor + 1)) floor++;
          expect(known.floor).toBe(floor);
          for (let id = 1; id <= 62; id++) expect(known.has(id)).toBe(model.has(id));
        }
      }),
    );
  });

  it('is bounded however many gaps there are: the lowest are closed', () => {
    const known = new KnownIds();
    for (let id = 2; id <= 4000; id += 2) known.add(id);
    expect(known.has(1)).toBe(true);
    expect(known.floor).toBeGreaterThan(1900);
    expect(known.floor).toBeLessThan(2000);
    expect(known.has(3999)).toBe(false);
  });
});
