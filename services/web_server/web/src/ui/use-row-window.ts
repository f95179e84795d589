import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { heightBelow, type Part, partsOf, RowHeights } from '../model/row-window.js';
import { RowColumn } from './row-column.js';

/** How far beyond the screen rows are drawn, pixels. */
const drawnAhead = 500;
/** Scroll distance after which the drawn rows are computed again, pixels. */
const stepPx = 200;
const noHeights = new RowHeights();

export interface RowWindow<T> {
  readonly parts: ReadonlyArray<Part<T>>;
  /** The scroller must call this when its position changes. */
  readonly moved: () => void;
  /** Scrolls a row to the middle of the screen. */
  readonly show: (key: string) => void;
  /** Sets whether the lower end stays on the screen when rows are added below. */
  readonly holdEnd: (isHeld: boolean) => void;
}

/** Draws only the rows near the screen. @param scroller a reversed column: its position counts from its lower end */
export function useRowWindow<T extends { key: string }>(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly T[],
): RowWindow<T> {
  const column = useRef<RowColumn | undefined>(undefined);
  /** The row to scroll to the middle of the screen. */
  const target = useRef<string | undefined>(undefined);
  const [step, setStep] = useState(0);
  const [, setDrawing] = useState(0);
  const redraw = useCallback(() => setDrawing((count) => count + 1), []);

  const heights = column.current?.heights ?? noHeights;
  // The rows around the remembered one are drawn, to which the scroll position is corrected afterwards.
  const low = step * stepPx + (target.current === undefined ? (column.current?.anchorShift(rows) ?? 0) : 0);
  const height = scroller.current?.clientHeight ?? window.innerHeight;
  const kept = column.current?.usedRows() ?? new Set<string>();
  if (target.current !== undefined) kept.add(target.current);
  const parts = partsOf(rows, heights, { low: low - drawnAhead, high: low + height + drawnAhead }, kept);

  const moved = useCallback(() => {
    setStep(Math.round(-scroller.current!.scrollTop / stepPx));
    column.current?.noteAnchor();
  }, []);
  const show = (key: string) => {
    const below = heightBelow(rows, heights, key);
    if (below === undefined) return;
    target.current = key;
    scroller.current!.scrollTop = height / 2 - below;
    moved();
    redraw();
  };
  const holdEnd = (isHeld: boolean) => {
    if (column.current) column.current.isAtEnd = isHeld;
  };

  useLayoutEffect(() => {
    column.current ??= new RowColumn(scroller.current!, redraw);
    column.current.heights.keepOnly(rows);
    if (column.current.measure()) redraw();
    const row = target.current === undefined ? undefined : column.current.find(target.current);
    target.current = undefined;
    if (row) {
      row.scrollIntoView({ block: 'center' });
      column.current.isAtEnd &&= scroller.current!.scrollTop > -1;
      column.current.noteAnchor();
    } else {
      column.current.holdAnchor();
    }
  });
  useEffect(() => () => column.current?.close(), []);
  return { parts, moved, show, holdEnd };
}
