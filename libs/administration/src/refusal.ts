import { Problem } from './problem.js';
import { type RefusalCode, refusals } from './refusals.js';

/** A problem whose cause has a code, so that pages can show it in the reader's language. */
export class Refusal extends Problem {
  override readonly code: RefusalCode;

  constructor(code: RefusalCode) {
    const [kind, detail] = refusals[code];
    super(kind, detail);
    this.code = code;
  }
}
