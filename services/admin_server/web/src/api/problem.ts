import { filled, has, t, tOr } from '../text/text.js';

/** Why a call failed: the server's problem details, or `unreachable`, `timeout` or `not-understood`. */
export class ApiProblem extends Error {
  /** the last part of the problem's `type` */
  readonly kind: string;
  readonly detail: string | undefined;
  /** errors of fields in the body, by field name */
  readonly faults: ReadonlyMap<string, string>;
  /** of the cause, if the server knows it */
  readonly code: string | undefined;

  constructor(kind: string, detail?: string, faults: ReadonlyMap<string, string> = new Map(), code?: string) {
    super(detail ?? kind);
    this.kind = kind;
    this.detail = detail;
    this.faults = faults;
    this.code = code;
  }

  /** @param body of a response; may be anything */
  static from(status: number, body: unknown): ApiProblem {
    const { type, detail, code, errors } = (body ?? {}) as Readonly<Record<string, unknown>>;
    const kind =
      typeof type === 'string' ? type.split(':').at(-1)! : status >= 500 ? 'unavailable' : 'not-understood';
    return new ApiProblem(kind, textOf(detail), faultsIn(errors), textOf(code));
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function faultsIn(errors: unknown): Map<string, string> {
  const faults = new Map<string, string>();
  if (!Array.isArray(errors)) return faults;
  for (const each of errors as { at?: unknown; detail?: unknown; code?: unknown; limit?: unknown }[]) {
    if (typeof each?.at !== 'string') continue;
    const limit = typeof each.limit === 'number' ? each.limit : '';
    // In the server's English only if a newer server has a rule without a text here.
    const text = filled(`fault.${String(each.code)}`, { limit }, String(each.detail ?? ''));
    faults.set(each.at.replace(/^\//, ''), text);
  }
  return faults;
}

/** The text for a failure in the chosen language; with the server's English detail only if its cause has no text here. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiProblem)) return t('problem.other');
  const cause = `refusal.${error.code}`;
  if (has(cause)) return tOr(cause, '');
  const key = `problem.${error.kind}`;
  const text = tOr(key, t('problem.other'));
  const told = error.detail && (!has(key) || ['conflict', 'not-possible'].includes(error.kind));
  return told ? `${text} (${error.detail})` : text;
}
