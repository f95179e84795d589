import type { z } from 'zod';

/** The rules that a part of a request can break. They are part of the APIs. */
export const faultCodes = [
  'either-or',
  'half-character',
  'missing',
  'needs-user',
  'not-allowed',
  'not-empty',
  'nul',
  'too-few',
  'too-high',
  'too-long',
  'too-low',
  'too-many',
  'too-short',
  'unknown',
  'url-with-login',
  'wrong-format',
  'wrong-network',
  'wrong-time',
  'wrong-type',
  'wrong-url',
] as const;

export type FaultCode = (typeof faultCodes)[number];

interface Rule {
  code: FaultCode;
  limit?: number;
}

const formats: Readonly<Record<string, FaultCode>> = { url: 'wrong-url', datetime: 'wrong-time' };

/** The rule of a schema that a value breaks, in a form that a page can translate. */
export function brokenRule(issue: z.core.$ZodIssue): Rule {
  switch (issue.code) {
    case 'invalid_type':
      return { code: /received undefined$/.test(issue.message) ? 'missing' : 'wrong-type' };
    case 'too_small':
      return { code: tooSmall[measureOf(issue.origin)], limit: Number(issue.minimum) };
    case 'too_big':
      return { code: tooBig[measureOf(issue.origin)], limit: Number(issue.maximum) };
    case 'invalid_format':
      return { code: formats[issue.format] ?? 'wrong-format' };
    case 'invalid_value':
      return { code: 'not-allowed' };
    case 'unrecognized_keys':
      return { code: 'unknown' };
    case 'custom':
      return { code: codeIn(issue.params) ?? 'wrong-format' };
    default:
      return { code: 'wrong-type' };
  }
}

type Measure = 'characters' | 'entries' | 'value';

const tooSmall = { characters: 'too-short', entries: 'too-few', value: 'too-low' } as const;
const tooBig = { characters: 'too-long', entries: 'too-many', value: 'too-high' } as const;

function measureOf(origin: string): Measure {
  if (origin === 'string') return 'characters';
  return origin === 'array' || origin === 'set' ? 'entries' : 'value';
}

/** Schemas name the code of their own rules as `params.code`. */
function codeIn(params: Readonly<Record<string, unknown>> | undefined): FaultCode | undefined {
  return faultCodes.find((code) => code === params?.code);
}
