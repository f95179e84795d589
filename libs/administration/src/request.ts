import type { z } from 'zod';
import { isTooDeep } from './json-depth.js';
import { invalidRequest, Problem } from './problem.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Validates one part of a request.
 * @param schema undefined: the part has to be empty
 * @param where `path` or `query`; empty for the body
 * @throws Problem `invalid-request`
 */
export function checkPart(schema: z.ZodType | undefined, value: unknown, where = ''): unknown {
  if (!schema) {
    if (Object.keys(value as object).length === 0) return undefined;
    throw new Problem('invalid-request', `the ${where} has unknown parameters`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error, where);
}

/** @throws Problem `invalid-request` when the bytes are not JSON, or are nested too deeply */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Problem('invalid-request', 'the body is not JSON in UTF-8');
  }
  if (isTooDeep(value)) throw new Problem('invalid-request', 'the body is nested too deeply');
  return value;
}
