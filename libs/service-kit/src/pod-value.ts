import { hostname } from 'node:os';

/**
 * A value that may differ from pod to pod: either one for all, or `pod=value` pairs separated by commas, of which
 * the one with this pod's name counts. (Pods of a StatefulSet have names that last, and know theirs as their
 * host name.)
 * @returns undefined when there are pairs and none is this pod's
 */
export function podValue(text: string, pod = hostname()): string | undefined {
  if (!text.includes('=')) return text;
  for (const pair of text.split(',')) {
    const [name, value] = pair.split('=').map((part) => part.trim());
    if (name === pod && value) return value;
  }
  return undefined;
}
