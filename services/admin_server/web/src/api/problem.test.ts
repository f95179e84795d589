import { afterEach, expect, it } from 'vitest';
import { language } from '../text/text.js';
import { ApiProblem, problemText } from './problem.js';

afterEach(() => {
  language.value = 'en';
});

const refused = (members: object) =>
  problemText(
    ApiProblem.from(409, { type: 'urn:teamtalk:problem:conflict', detail: 'as it is', ...members }),
  );

it('shows the cause of a refusal in the language of the page', () => {
  language.value = 'zh-CN';
  expect(refused({ code: 'name-taken' })).toBe('该名称已被占用。');
  language.value = 'en';
  expect(refused({ code: 'name-taken' })).toBe('This name is already taken.');
});

it('shows the server’s detail of a cause that it does not know', () => {
  expect(refused({ code: 'of-a-newer-server' })).toContain('(as it is)');
  expect(refused({})).toContain('(as it is)');
});
