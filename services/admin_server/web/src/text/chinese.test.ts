import {
  checkPart,
  faultCodes,
  importSteps,
  Problem,
  problemKinds,
  refusals,
} from '@teamtalk/administration';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../../src/api/definition.js';
import { api } from '../../../src/api/index.js';
import { ApiProblem, problemText } from '../api/problem.js';
import { filled, has, language, tOr } from './text.js';
import { zh } from './zh-cn.js';

beforeAll(() => {
  language.value = 'zh-CN';
});
afterAll(() => {
  language.value = 'en';
});

const names = /TeamTalk for TypeScript|Apache License 2.0|teamtalk [a-z]+ [a-z]+( NAME)?/g;
/** Three words in a row, apart from names. */
const isEnglish = (text: string) => /[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(text.replaceAll(names, ''));
const isChinese = (text: string) => /\p{Script=Han}/u.test(text) && !isEnglish(text);

it('no text is an English sentence', () => {
  expect(Object.entries(zh).filter(([, text]) => isEnglish(text))).toEqual([]);
});

it.each(Object.keys(refusals))('the refusal %s is translated', (code) => {
  const problem = { type: 'urn:teamtalk:problem:conflict', detail: 'as it is said here', code };
  expect(problemText(ApiProblem.from(409, problem))).toSatisfy(isChinese);
});

/** Answers of the HTTP API only: the console’s callers are people, not apps. */
const ofApps = ['unknown-app', 'wrong-address', 'wrong-sender', 'other-request', 'method-not-allowed'];

it.each(problemKinds.filter((kind) => !ofApps.includes(kind)))('the problem %s is translated', (kind) => {
  // Only causes without a code add the server's English; every refusal has one.
  expect(problemText(ApiProblem.from(400, new Problem(kind).toJSON()))).toSatisfy(isChinese);
});

it.each(faultCodes)('the fault %s of a field is translated', (code) => {
  expect(filled(`fault.${code}`, { limit: 5 }, 'not translated at all')).toSatisfy(isChinese);
});

it.each(Object.keys(importSteps))('the step %s of an import is translated', (code) => {
  expect(tOr(`migration.step.${code}`, 'not translated at all')).toSatisfy(isChinese);
});

it.each([
  'changed',
  'missing',
  'missing-before',
  'newest',
  'no-head',
  'not-following',
  'other-hash',
  'unknown-event',
])('the fault %s of the audit is translated', (code) => {
  expect(has(`audit.fault.${code}`)).toBe(true);
});

/** What a body of the operation is refused for, as a page shows it. */
function faultsOf(definition: Definition, body: unknown): string[] {
  try {
    checkPart(definition.body, body);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [...ApiProblem.from(400, error.toJSON()).faults.values()];
  }
}

const shapeOf = (definition: Definition): string[] =>
  Object.keys((definition.body as unknown as { shape?: object } | undefined)?.shape ?? {});

const operations = Object.entries(api as Readonly<Record<string, Definition>>).filter(([, { body }]) => body);

it.each(operations)('whatever is wrong with a field of %s is said in Chinese', (_, definition) => {
  const wrong = [
    true,
    '',
    'x'.repeat(3_000),
    '\0',
    '\uD800',
    -1,
    1e12,
    0.5,
    [],
    {},
    Array(600).fill(1),
    null,
  ];
  const bodies = [
    {},
    { unheard_of: 1 },
    ...wrong.map((value) => Object.fromEntries(shapeOf(definition).map((name) => [name, value]))),
  ];
  const texts = bodies.flatMap((body) => faultsOf(definition, body));
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.filter((text) => !isChinese(text))).toEqual([]);
});
