import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { TableExport } from './table-export.js';

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly number?: boolean;
  /** a column of buttons, whose label is hidden */
  readonly actions?: boolean;
}

interface TableProps<Row> {
  /** description for screen readers */
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** the first one names the row */
  readonly columns: readonly Column<Row>[];
  readonly busy?: boolean;
  /** name of the file, without extension, in which the table can be saved; left out: the page saves the list another way */
  readonly saveAs?: string;
}

/** A table; on narrow screens each row becomes a card. */
export function Table<Row>({ caption, rows, keyOf, columns, busy = false, saveAs }: TableProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const scrolls = useOverflow(box);
  return (
    <>
      {/* Focusable while it scrolls, so that the keyboard can scroll it. */}
      <div class="scroll" ref={box} {...(scrolls && { tabIndex: 0, role: 'group', 'aria-label': caption })}>
        <table class="cards" aria-busy={busy}>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map(({ label, number, actions }) => (
                <th key={label} scope="col" class={number ? 'number' : undefined}>
                  {actions ? <span class="unseen">{label}</span> : label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>{columns.map((column, index) => cellOf(column, row, index === 0))}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {saveAs !== undefined && <TableExport name={saveAs} caption={caption} table={box} />}
    </>
  );
}

function cellOf<Row>({ label, cell, number, actions }: Column<Row>, row: Row, names: boolean) {
  if (names) {
    return (
      <th key={label} scope="row" class="names">
        <div>{cell(row)}</div>
      </th>
    );
  }
  return (
    <td
      key={label}
      class={actions ? 'actions' : number ? 'number' : undefined}
      data-label={actions ? undefined : label}
    >
      <div>{cell(row)}</div>
    </td>
  );
}

/** Whether the content of a box is wider than the box. */
function useOverflow(box: RefObject<HTMLElement | null>): boolean {
  const [overflows, setOverflows] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setOverflows(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, [box]);
  return overflows;
}
