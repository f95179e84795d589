type Fields = Readonly<Record<string, unknown>>;

/**
 * Converts a Slack message to plain text, the only text that clients show. `blocks` take precedence over `text`;
 * attachments follow. Colours, footers and the like are left out, and so are fields of an unexpected type.
 */
export function messageText({ text, blocks, attachments }: Fields): string {
  const shown = fieldsOf(blocks).flatMap(linesOfBlock);
  return joined([
    ...(shown.length > 0 ? shown : [plain(text)]),
    ...fieldsOf(attachments).flatMap(linesOfAttachment),
  ]);
}

function linesOfAttachment(attachment: Fields): string[] {
  const { pretext, author_name, title, title_link, text, fields, blocks, image_url, fallback } = attachment;
  const lines = [
    plain(pretext),
    plain(author_name),
    linked(plain(title), stringOf(title_link)),
    plain(text),
    ...fieldsOf(fields).map((field) => joined([plain(field.title), plain(field.value)], ': ')),
    ...fieldsOf(blocks).flatMap(linesOfBlock),
    stringOf(image_url),
  ].filter((line) => line !== '');
  return lines.length > 0 ? lines : [plain(fallback)];
}

function linesOfBlock(block: Fields): string[] {
  const { type, text, fields, elements, title, alt_text, image_url } = block;
  const parts = fieldsOf(elements);
  if (type === 'section' || type === 'header') return [textOf(text), ...fieldsOf(fields).map(textOf)];
  if (type === 'context')
    return [
      joined(
        parts.map((part) => textOf(part) || stringOf(part.alt_text)),
        ' ',
      ),
    ];
  if (type === 'image') return [linked(textOf(title) || stringOf(alt_text), stringOf(image_url))];
  if (type === 'actions') {
    return parts.filter((part) => part.url).map((part) => linked(textOf(part.text), stringOf(part.url)));
  }
  return type === 'rich_text' ? parts.map(richText) : [];
}

/** Converts an element of rich text, which has no escapes. */
function richText({ type, text, url, name, user_id, channel_id, range, elements }: Fields): string {
  if (type === 'text') return stringOf(text);
  if (type === 'link') return linked(stringOf(text), stringOf(url));
  if (type === 'emoji') return `:${stringOf(name)}:`;
  if (type === 'user') return `@${stringOf(user_id)}`;
  if (type === 'channel') return `#${stringOf(channel_id)}`;
  if (type === 'broadcast') return `@${stringOf(range)}`;
  const parts = fieldsOf(elements).map(richText);
  return type === 'rich_text_list' ? parts.map((part) => `• ${part}`).join('\n') : parts.join('');
}

/** Slack's links and mentions; anything else between < and > is left unchanged. */
const reference = /<((?:https?:|mailto:|[@#!])[^<>|]*)(?:\|([^<>]*))?>/g;

/** Resolves Slack's escapes and links in a text; * and _ are kept. */
function plain(value: unknown): string {
  return stringOf(value)
    .replaceAll(reference, (_, target: string, label = '') => {
      if (target.startsWith('!')) return label || `@${target.slice(1)}`;
      if (/^[@#]/.test(target)) return label ? target[0] + label.replace(/^[@#]/, '') : target;
      return linked(label, target.replace(/^mailto:/, ''));
    })
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** The text of a text object. */
function textOf(value: unknown): string {
  return isFields(value) ? plain(value.text) : '';
}

function linked(label: string, url: string): string {
  if (label === '' || label === url) return url;
  return url === '' ? label : `${label} (${url})`;
}

function joined(lines: readonly string[], separator = '\n'): string {
  return lines
    .filter((line) => line !== '')
    .join(separator)
    .trim();
}

function stringOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function fieldsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
