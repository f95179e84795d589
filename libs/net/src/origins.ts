import { ConfigError } from '@teamtalk/service-kit';

/** The origins of web pages that a server lets in. */
export class Origins {
  readonly #any: boolean;
  readonly #list: ReadonlySet<string>;

  /**
   * @param variable the name of the setting, for the error
   * @param text origins separated by commas, or `*` for any; undefined: `unset`
   * @param unset what an unset variable stands for
   * @throws ConfigError when one of them is no origin, such as a URL with a path, which would never match
   */
  static parse(variable: string, text: string | undefined, unset: 'any' | 'none'): Origins {
    if (text === undefined) return new Origins(unset === 'any', []);
    const parts = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    const wrong = parts.find((part) => part !== '*' && !isOrigin(part));
    if (wrong !== undefined) {
      throw new ConfigError([`${variable}: ${wrong} is not an origin, such as https://chat.example.com`]);
    }
    return new Origins(parts.includes('*'), parts);
  }

  private constructor(any: boolean, list: readonly string[]) {
    this.#any = any;
    this.#list = new Set(list);
  }

  /** @param origin the header `Origin`; undefined: the caller is no web page */
  allows(origin: string | undefined): boolean {
    return this.#any || (origin !== undefined && this.#list.has(origin));
  }

  /** The headers that let a page read the answer; none where no page may. */
  corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
    if (this.#any) return { 'access-control-allow-origin': '*' };
    if (this.#list.size === 0) return {};
    // Also where it is not allowed: a cache must not give that answer to a page that is.
    const vary = { vary: 'origin' };
    if (origin === undefined || !this.#list.has(origin)) return vary;
    return { 'access-control-allow-origin': origin, ...vary };
  }
}

/** The headers of the answer to a preflight request, besides `corsHeaders`. */
export function preflightHeaders(methods: string, headers?: string): Record<string, string> {
  return {
    'access-control-allow-methods': methods,
    ...(headers !== undefined && { 'access-control-allow-headers': headers }),
    'access-control-max-age': '86400',
  };
}

/** As browsers write it: lower case, without a default port, a path or a slash at the end; `null` is a file. */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (text.includes('*') || !URL.canParse(text)) return false;
  return new URL(text).origin === text || isOfAnApp(text);
}

/** Pages of apps and extensions have schemes of their own, for which URL knows no origin. */
function isOfAnApp(text: string): boolean {
  return !/^https?:/.test(text) && /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/.test(text);
}
