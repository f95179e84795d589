// The verification of an import, for `teamtalk import` and for tests.
export { verify } from './verify.js';
