import { isTooDeep } from '@teamtalk/administration';

type Fields = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the body of a post to a hook: a JSON object, a form whose `payload` is one, or a form with the fields themselves,
 * which a shell can send without escaping. The content type is ignored, because curl calls everything a form.
 * @returns undefined when the body is none of these
 */
export function payloadOf(body: Uint8Array): Fields | undefined {
  try {
    const text = utf8.decode(body);
    if (/^\s*[{[]/.test(text)) return objectOf(text);
    const form = new URLSearchParams(text);
    const payload = form.get('payload');
    return payload === null ? { text: form.get('text'), channel: form.get('channel') } : objectOf(payload);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function objectOf(json: string): Fields | undefined {
  const value: unknown = JSON.parse(json);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !isTooDeep(value) ? (value as Fields) : undefined;
}
