import { heightBelow, RowHeights } from '../model/row-window.js';

/** The most selected rows that stay drawn, so that the selection can be copied. */
const maxSelected = 300;

/**
 * The drawn rows of a scroller whose position counts from its lower end: the elements with `data-row`. It measures them, and
 * keeps the rows on the screen in place when rows below them change height.
 */
export class RowColumn {
  readonly heights = new RowHeights();
  /** Whether the lower end is on the screen and stays there when rows are added. */
  isAtEnd = true;
  readonly #scroller: HTMLElement;
  readonly #onResize: () => void;
  readonly #observer = new ResizeObserver((entries) => this.#resized(entries));
  readonly #observed = new Set<Element>();
  /** The lowest row on the screen, and its distance from the lower end. */
  #anchor: { key: string; distance: number } | undefined;
  #width: number;
  #height: number;
  #frame = 0;

  /** @param onResize called when the drawn rows may have to change */
  constructor(scroller: HTMLElement, onResize: () => void) {
    this.#scroller = scroller;
    this.#onResize = onResize;
    this.#width = scroller.clientWidth;
    this.#height = scroller.clientHeight;
    this.#observer.observe(scroller);
  }

  close(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  find(key: string): HTMLElement | undefined {
    return this.#rows().find((row) => row.dataset.row === key);
  }

  /** Called after drawing. @returns whether a row's height differs from the known or assumed one */
  measure(): boolean {
    let hasChanged = false;
    for (const row of this.#rows()) {
      if (!this.#observed.has(row)) {
        this.#observed.add(row);
        this.#observer.observe(row);
      }
      if (this.heights.set(row.dataset.row!, heightOf(row))) hasChanged = true;
    }
    for (const row of this.#observed) {
      if (row.isConnected) continue;
      this.#observer.unobserve(row);
      this.#observed.delete(row);
    }
    return hasChanged;
  }

  /** Remembers which row is on the screen, and where. */
  noteAnchor(): void {
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    const row = this.#rows().findLast((each) => {
      const rect = each.getBoundingClientRect();
      return rect.top < bottom && rect.bottom > top;
    });
    this.#anchor = row && { key: row.dataset.row!, distance: this.#distanceOf(row) };
  }

  /** How far the remembered row moves up if these become the rows, pixels: less than 0 when rows below it are removed. */
  anchorShift(rows: ReadonlyArray<{ key: string }>): number {
    if (!this.#anchor || this.isAtEnd) return 0;
    const below = heightBelow(rows, this.heights, this.#anchor.key);
    return below === undefined ? 0 : below - this.#anchor.distance;
  }

  /** Scrolls so that the remembered row is where it was. */
  holdAnchor(): void {
    const row = this.#anchor && !this.isAtEnd && this.find(this.#anchor.key);
    if (row) {
      const moved = this.#distanceOf(row) - this.#anchor!.distance;
      if (Math.abs(moved) > 0.5) this.#scroller.scrollTop -= moved;
    }
    this.noteAnchor();
  }

  /** Rows in use that must stay drawn: with the focus, with playing audio, or selected. */
  usedRows(): Set<string> {
    const used = new Set<string>();
    const add = (row: HTMLElement | undefined) => row && used.add(row.dataset.row!);
    add(this.#rowOf(document.activeElement));
    for (const audio of this.#scroller.querySelectorAll('audio')) {
      if (!audio.paused) add(this.#rowOf(audio));
    }
    for (const row of this.#selectedRows()) add(row);
    return used;
  }

  #selectedRows(): HTMLElement[] {
    const selection = getSelection();
    if (!selection || selection.isCollapsed) return [];
    const ends = [this.#rowOf(selection.anchorNode), this.#rowOf(selection.focusNode)];
    const rows = this.#rows();
    const [first = -1, last = -1] = ends.map((row) => (row ? rows.indexOf(row) : -1)).sort((a, b) => a - b);
    return first < 0 ? rows.slice(last, last + 1) : rows.slice(first, last + 1).slice(0, maxSelected);
  }

  #rowOf(node: Node | null): HTMLElement | undefined {
    if (!node || !this.#scroller.contains(node)) return undefined;
    const element = node instanceof Element ? node : node.parentElement;
    return element?.closest<HTMLElement>('[data-row]') ?? undefined;
  }

  #rows(): HTMLElement[] {
    return [...this.#scroller.querySelectorAll<HTMLElement>('[data-row]')];
  }

  #distanceOf(row: HTMLElement): number {
    const { bottom } = this.#scroller.getBoundingClientRect();
    return bottom - row.getBoundingClientRect().bottom - this.#scroller.scrollTop;
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    let hasChanged = this.#resizedItself();
    for (const { target } of entries) {
      if (target === this.#scroller || !(target instanceof HTMLElement) || !target.isConnected) continue;
      if (this.heights.set(target.dataset.row!, heightOf(target))) hasChanged = true;
    }
    if (!hasChanged) return;
    this.holdAnchor();
    // Deferred: redrawing now would make the browser measure again in this frame.
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(this.#onResize);
  }

  #resizedItself(): boolean {
    const { clientWidth, clientHeight } = this.#scroller;
    if (clientWidth === this.#width && clientHeight === this.#height) return false;
    // At another width, texts wrap differently.
    if (clientWidth !== this.#width) this.heights.clear();
    this.#width = clientWidth;
    this.#height = clientHeight;
    return true;
  }
}

function heightOf(element: Element): number {
  return element.getBoundingClientRect().height;
}
