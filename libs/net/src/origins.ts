import { ConfigError } from '@teamtalk/service-kit';

/** The origins whose web pages a server accepts. */
export class Origins {
  readonly #any: boolean;
  readonly #list: ReadonlySet<string>;

  /**
   * @param variable the name of the setting, for the error
   * @param text origins separated by commas, or `*` for any; undefined: `unset`
   * @param unset meaning of an unset variable
   * @throws ConfigError when one of them is not an origin, such as a URL with a path, which would never match
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

  /** @param origin the `Origin` header; undefined: the caller is not a web page */
  allows(origin: string | undefined): boolean {
    return this.#any || (origin !== undefined && this.#list.has(origin));
  }

  /** The headers that let a page read the response; none if no page may. */
  corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
    if (this.#any) return { 'access-control-allow-origin': '*' };
    if (this.#list.size === 0) return {};
    // Sent to other origins too, so that a cache does not serve their response to an allowed page.
    const vary = { vary: 'origin' };
    if (origin === undefined || !this.#list.has(origin)) return vary;
    return { 'access-control-allow-origin': origin, ...vary };
  }
}

/** Headers of the response to a preflight request, besides `corsHeaders`. */
export function preflightHeaders(methods: string, headers?: string): Record<string, string> {
  return {
    'access-control-allow-methods': methods,
    ...(headers !== undefined && { 'access-control-allow-headers': headers }),
    'access-control-max-age': '86400',
  };
}

/** Whether this is an origin as browsers send it: lower case, no default port, no path, no trailing slash, not `null`. */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (text.includes('*') || !URL.canParse(text)) return false;
  return new URL(text).origin === text || isOfAnApp(text);
}

/** Pages of apps and extensions have their own schemes, for which `URL` reports no origin. */
function isOfAnApp(text: string): boolean {
  return !/^https?:/.test(text) && /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/.test(text);
}
