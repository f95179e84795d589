export interface Part {
  readonly text: string;
  readonly isCode: boolean;
}

/**
 * The paragraphs of a chapter of a guide, in plain text and code. Links lead to other guides, which the console does not
 * have, so that only their text is left.
 * @returns empty when there is no such chapter
 */
export function chapterOf(guide: string, heading: string): Part[][] {
  const chapters = guide.split(/^## /m);
  const chapter = chapters.find((each) => each.split('\n', 1)[0] === heading);
  const [, ...paragraphs] = chapter?.trim().split(/\n\n+/) ?? [];
  return paragraphs.map((paragraph) => partsOf(paragraph.replaceAll('\n', ' ')));
}

function partsOf(paragraph: string): Part[] {
  const plain = paragraph.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
  return plain
    .split(/(`[^`]+`)/)
    .filter((text) => text !== '')
    .map((text) =>
      text.startsWith('`')
        ? { text: text.slice(1, -1), isCode: true }
        : { text: text.replaceAll('*', ''), isCode: false },
    );
}
