import { signal } from '@preact/signals';

/** The page's address: what follows the `#`, as segments and parameters. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** another number each time somebody goes to an address, even to the same one */
  readonly visit: number;
}

function read(visit: number): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const segments = path.split('/').filter((segment) => segment !== '');
  return { path: segments.map(decode), query: new URLSearchParams(query), visit };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const route = signal<Route>(read(0));

export function followAddress(): void {
  addEventListener('hashchange', () => {
    route.value = read(route.peek().visit + 1);
  });
}

/** @param query what is empty is left out */
export function href(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) words.set(name, value);
  const text = words.toString();
  return `#/${path}${text === '' ? '' : `?${text}`}`;
}

export function goTo(path: string, query?: Readonly<Record<string, string | undefined>>): void {
  location.hash = href(path, query);
}

/** Changes the address's parameters without a new entry in the history. */
export function replaceQuery(query: Readonly<Record<string, string | undefined>>): void {
  const { path: segments, visit } = route.peek();
  const path = segments.map(encodeURIComponent).join('/');
  history.replaceState(null, '', href(path, query));
  route.value = read(visit);
}

/** Goes to the first page without a trace of the present address in the history. */
export function startAnew(): void {
  history.replaceState(null, '', './#/');
  route.value = read(route.peek().visit + 1);
}
