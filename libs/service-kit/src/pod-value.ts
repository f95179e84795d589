import { hostname } from 'node:os';

/**
 * A value that may differ from pod to pod: either one for all, or comma-separated `pod=value` pairs, from which the one
 * with this pod's name is taken. (Pods of a StatefulSet have stable names, which are their host names.)
 * @returns undefined when there are pairs but none for this pod
 */
export function podValue(text: string, pod = hostname()): string | undefined {
  if (!text.includes('=')) return text;
  for (const pair of text.split(',')) {
    const [name, value] = pair.split('=').map((part) => part.trim());
    if (name === pod && value) return value;
  }
  return undefined;
}
