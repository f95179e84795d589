import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { podValue } from './pod-value.js';

/** A service's configuration: one zod type per variable, keyed by the environment variable's name. */
export type EnvSchema = Record<string, z.ZodType>;

export type EnvValues<S extends EnvSchema> = { [K in keyof S]: z.output<S[K]> };

/** Thrown by readEnv with **every** wrong variable, one line each: `NAME: what is wrong`. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Invalid configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the variables of `schema` from `env`; an empty string counts as unset. If `NAME` is unset and `NAME_FILE` is set,
 * the value is that file's text without a trailing line break: secrets are mounted as files.
 * @throws ConfigError naming every variable that is missing or wrong
 */
export function readEnv<S extends EnvSchema>(schema: S, env: NodeJS.ProcessEnv): EnvValues<S> {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of Object.keys(schema)) {
    // If the schema has NAME_FILE itself, its user reads the file.
    const file = `${name}_FILE` in schema ? undefined : env[`${name}_FILE`];
    try {
      const value = env[name] || (file && readFileSync(file, 'utf8').replace(/\r?\n$/, ''));
      if (value) given[name] = value;
    } catch (error) {
      problems.push(`${name}_FILE: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const result = z.object(schema).safeParse(given);
  if (result.success && problems.length === 0) return result.data as EnvValues<S>;
  const unreadable = new Set(problems.map((problem) => problem.split('_FILE:')[0]));
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (unreadable.has(name)) continue;
    problems.push(given[name] === undefined ? `${name}: is required` : `${name}: ${issue.message}`);
  }
  throw new ConfigError(problems);
}

/** The types of variables. Each takes its default, if it has one, and one sentence for the reference. */
export const env = {
  string: (fallback: string, description: string) => z.string().default(fallback).describe(description),

  requiredString: (description: string) => z.string().describe(description),

  optionalString: (description: string) => z.string().optional().describe(description),

  /** One value, or `pod=value` pairs from which this pod's is taken. */
  perPod: (fallback: string, description: string) =>
    z
      .string()
      .transform((text, context) => {
        const value = podValue(text);
        if (value === undefined) context.addIssue('has no pair for this pod');
        return value ?? '';
      })
      .default(fallback)
      .describe(description),

  /** A TCP port; 0 lets the system choose. */
  port: (fallback: number, description: string) =>
    z.coerce
      .number('must be a port number')
      .int('must be a whole number')
      .min(0, 'must be 0 to 65535')
      .max(65535, 'must be 0 to 65535')
      .default(fallback)
      .describe(description),

  /** A whole number from min to max, both included. */
  integer: (fallback: number, min: number, max: number, description: string) =>
    z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`)
      .default(fallback)
      .describe(description),

  boolean: (fallback: boolean, description: string) =>
    z
      .enum(['true', 'false'], 'must be true or false')
      .default(fallback ? 'true' : 'false')
      .transform((text) => text === 'true')
      .describe(description),

  choice: <const T extends readonly [string, ...string[]]>(
    choices: T,
    fallback: T[number],
    description: string,
  ) =>
    z
      .enum(choices, `must be one of ${choices.join(', ')}`)
      .default(fallback as never)
      .describe(description),

  /** A URL of one of the given protocols, such as `nats:`. */
  url: (fallback: string, protocols: readonly string[], description: string) =>
    z
      .string()
      .refine(
        (text) =>
          text.split(',').every((part) => URL.canParse(part) && protocols.includes(new URL(part).protocol)),
        `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      )
      .default(fallback)
      .describe(description),
};

/** Whether this is an installation for people, as in our images: what is open to everybody is refused then. */
export function isProduction({ NODE_ENV }: NodeJS.ProcessEnv): boolean {
  return NODE_ENV === 'production';
}

/** Least characters of a secret that an operator makes up. */
const minSecretLength = 16;

/** What is wrong with secrets that callers show, for a ConfigError. The secrets themselves are not repeated. */
export function problemsOfSecrets(variable: string, secrets: readonly string[]): string[] {
  if (secrets.every((secret) => secret.length >= minSecretLength)) return [];
  return [
    `${variable}: every one needs at least ${minSecretLength} characters, which must be random (openssl rand -hex 16)`,
  ];
}

export interface VariableDoc {
  name: string;
  description: string;
  /** undefined: no default; the variable may be required */
  fallback: string | undefined;
  required: boolean;
}

/** The rows of the reference for a schema, in its order. */
export function describeEnv(schema: EnvSchema): VariableDoc[] {
  return Object.entries(schema).map(([name, type]) => {
    const unset = type.safeParse(undefined);
    const fallback = unset.success && unset.data !== undefined ? String(unset.data) : undefined;
    return { name, description: type.description ?? '', fallback, required: !unset.success };
  });
}
