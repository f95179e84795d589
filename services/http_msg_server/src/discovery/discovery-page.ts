import { createHash } from 'node:crypto';
import { isWebUrl } from '@teamtalk/administration';
import type { DiscoveryItem } from './discovery-list.js';

/** The first is for callers that name no language, because the old clients are Chinese. */
export const languages = ['zh-CN', 'en'] as const;

export type Language = (typeof languages)[number];

const texts: Record<Language, { title: string; empty: string; unavailable: string }> = {
  'zh-CN': {
    title: '发现',
    empty: '这里还没有内容。管理员可以在管理控制台的“发现页面”中添加。',
    unavailable: '暂时无法显示，请稍后再试。',
  },
  en: {
    title: 'Discovery',
    empty: 'There is nothing here yet. Administrators add pages in the console, under “Discovery”.',
    unavailable: 'The list is not available at the moment. Please try again later.',
  },
};

// Within the page, so that a single path has to be open to everybody.
const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 40rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid #8884; }
li > * { display: block; padding: .75rem .25rem; }
li > a { color: light-dark(#0b57d0, #a8c7fa); text-decoration: none; }
li > a:hover, li > a:focus { text-decoration: underline; }
small { color: light-dark(#5f6368, #9aa0a6); display: block; }
`;

export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function discoveryPage(items: readonly DiscoveryItem[], language: Language): string {
  if (items.length === 0) return page(language, `<p>${escaped(texts[language].empty)}</p>`);
  return page(language, `<ul>\n${items.map(entry).join('\n')}\n</ul>`);
}

export function unavailablePage(language: Language): string {
  return page(language, `<p>${escaped(texts[language].unavailable)}</p>`);
}

/** What is not a web address is shown, but not as a link: it could run a script. */
function entry({ name, url }: DiscoveryItem): string {
  if (isWebUrl(url)) return `<li><a href="${escaped(url)}" rel="noreferrer">${escaped(name)}</a></li>`;
  return `<li><span>${escaped(name)}<small>${escaped(url)}</small></span></li>`;
}

function page(language: Language, body: string): string {
  const title = escaped(texts[language].title);
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
