import { halve, wellFormed } from './shorten.js';

/** What a banner says. */
export interface Alert {
  title: string;
  body: string;
}

/**
 * The largest form of an alert that has at most so many bytes: first its body is shortened, then its title.
 * @param encode its form; without an alert it has to fit
 */
export function fitted(
  alert: Alert | undefined,
  maxBytes: number,
  encode: (shown: Alert | undefined) => Buffer,
): Buffer {
  // Each unit of UTF-16 is a byte or more.
  const cut = (text: string) => wellFormed(text.slice(0, maxBytes));
  let shown = alert && { title: cut(alert.title), body: cut(alert.body) };
  for (;;) {
    const encoded = encode(shown);
    if (encoded.length <= maxBytes || !shown) return encoded;
    const { title, body } = shown;
    if (body.length <= 1 && title.length <= 1) shown = undefined;
    else if (body.length > 1) shown = { title, body: halve(body) || '…' };
    else shown = { title: halve(title) || '…', body };
  }
}
