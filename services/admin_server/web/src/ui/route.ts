import { signal } from '@preact/signals';

/** The page's address: the segments and parameters after the `#`. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** changes with every navigation, even to the same address */
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

/** @param query empty values are left out */
export function href(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) words.set(name, value);
  const text = words.toString();
  return `#/${path}${text === '' ? '' : `?${text}`}`;
}

export function goTo(path: string, query?: Readonly<Record<string, string | undefined>>): void {
  location.hash = href(path, query);
}

/** Replaces the parameters of the address without adding an entry to the history. */
export function replaceQuery(query: Readonly<Record<string, string | undefined>>): void {
  const { path: segments, visit } = route.peek();
  const path = segments.map(encodeURIComponent).join('/');
  history.replaceState(null, '', href(path, query));
  route.value = read(visit);
}

/** Goes to the first page, replacing the current address in the history. */
export function startAnew(): void {
  history.replaceState(null, '', './#/');
  route.value = read(route.peek().visit + 1);
}
