import type { RefObject } from 'preact';
import { Export } from './export.js';

interface TableExportProps {
  /** file name without extension */
  readonly name: string;
  /** the table's caption */
  readonly caption: string;
  /** an element with the table */
  readonly table: RefObject<HTMLElement | null>;
}

/** Buttons that save a table as it is shown, for lists that are shown whole. */
export function TableExport({ name, caption, table }: TableExportProps) {
  return (
    <div class="saves">
      <Export
        name={name}
        of={caption}
        header={() => (table.current ? headerOf(table.current) : [])}
        load={async () => ({ rows: table.current ? rowsOf(table.current) : [], next: null })}
        cells={(row) => row}
      />
    </div>
  );
}

/** Without the column of buttons. */
const isShown = (cell: Element) => !cell.matches('.actions, :has(> .unseen)');

function headerOf(table: HTMLElement): string[] {
  return [...table.querySelectorAll('thead th')].filter(isShown).map(textOf);
}

function rowsOf(table: HTMLElement): string[][] {
  return [...table.querySelectorAll('tbody tr')].map((row) => [...row.children].filter(isShown).map(textOf));
}

/** The text that people read: parts of a cell are separated by spaces, and decoration is left out. */
function textOf(cell: Element): string {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  let text = '';
  let parent: Element | null = null;
  while (walker.nextNode()) {
    const { nodeValue, parentElement } = walker.currentNode;
    if (parentElement?.closest('[aria-hidden=true], button')) continue;
    text += parentElement === parent ? nodeValue : ` ${nodeValue}`;
    parent = parentElement;
  }
  return text.replaceAll(/\s+/g, ' ').trim();
}
