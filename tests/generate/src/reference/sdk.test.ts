import { expect, it } from 'vitest';
import { declarationsIn, exportsIn } from './sdk.js';

// `npm test` checks separately that the page in the repository is up to date.
it('finds the names that a module re-exports', () => {
  const text = [
    "export type { BackOff } from './back-off.js';",
    "export { ClientError, type ClientErrorCode, } from './errors.js';",
    "export * from './index.browser.js';",
  ].join('\n');
  expect(exportsIn(text, true)).toEqual([
    { name: 'BackOff', from: './back-off.js', isNodeOnly: true },
    { name: 'ClientError', from: './errors.js', isNodeOnly: true },
    { name: 'ClientErrorCode', from: './errors.js', isNodeOnly: true },
  ]);
});

it('finds declarations with their comments in a file of the compiler', () => {
  const text = `import { X } from './x.js';
type Hidden = string;
/** Why a call failed. */
export type Code = 
/** First; see X. */
'first'
/** Second. */
 | 'second';
export type Place = {
    host: string;
} | {
    url: string;
};
/**
 * A class.
 *
 *     new A();
 *
 * @throws Error always
 */
export declare abstract class A extends B {
    #private;
    private constructor();
    /** A method. @returns nothing */
    run(): void;
}
/** Does it. @returns whether */
export declare function run(a: A): boolean;
//# sourceMappingURL=a.d.ts.map`;
  const found = declarationsIn(text);
  expect([...found.keys()]).toEqual(['Code', 'Place', 'A', 'run']);
  expect(found.get('Code')!.code).toMatch(/^type Code = \n[\s\S]*'second';$/);
  expect(found.get('Place')).toEqual({
    kind: 'type',
    doc: '',
    code: 'type Place = {\n    host: string;\n} | {\n    url: string;\n};',
  });
  expect(found.get('A')).toEqual({
    kind: 'abstract class',
    doc: 'A class.\n\n    new A();\n\n\n**throws** Error always',
    code: 'abstract class A extends B {\n    /** A method. @returns nothing */\n    run(): void;\n}',
  });
  expect(found.get('run')).toEqual({
    kind: 'function',
    doc: 'Does it. **returns** whether',
    code: 'function run(a: A): boolean;',
  });
});
