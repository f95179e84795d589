// The verification of an import, for `teamtalk import` and for tests.
export { type AnswersComparison, compareAnswers } from './answers/compare.js';
export { verify } from './verify.js';
