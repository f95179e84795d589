import type { WriteStream } from 'node:tty';
import type { Line } from './table.js';

const csi = '\u001b[';
const colours: Record<NonNullable<Line['style']>, string> = {
  heading: `${csi}7m`,
  bad: `${csi}31m`,
  warning: `${csi}33m`,
  past: `${csi}2m`,
};

/**
 * Draws on the terminal's alternate screen, each picture over the one before in a single write. Closing it restores what
 * was shown before.
 */
export class Screen {
  readonly #terminal: WriteStream;
  readonly #coloured: boolean;
  readonly #restore = () => this.close();
  readonly #redraw = () => this.draw(this.#lines);
  #lines: readonly Line[] = [];
  #open = true;

  constructor(terminal: WriteStream, { coloured }: { coloured: boolean }) {
    this.#terminal = terminal;
    this.#coloured = coloured;
    // The alternate screen, without a cursor.
    terminal.write(`${csi}?1049h${csi}?25l`);
    terminal.on('resize', this.#redraw);
    process.once('exit', this.#restore);
  }

  draw(lines: readonly Line[]): void {
    this.#lines = lines;
    const { columns = 80, rows = 24 } = this.#terminal;
    const shown =
      lines.length > rows
        ? [...lines.slice(0, rows - 1), { text: `... ${lines.length - rows + 1} more` }]
        : lines;
    const picture = shown.map((line) => this.#styled(line, columns)).join('\r\n');
    // Mode 2026 shows the picture as a whole; nothing is erased that is not overwritten in the same write.
    this.#terminal.write(`${csi}?2026h${csi}H${picture}${csi}J${csi}?2026l`);
  }

  /** Restores the terminal. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#terminal.off('resize', this.#redraw);
    process.off('exit', this.#restore);
    this.#terminal.write(`${csi}?25h${csi}?1049l`);
  }

  #styled({ text, style }: Line, columns: number): string {
    const cut = text.slice(0, columns);
    const erased = cut.length < columns ? `${csi}K` : '';
    return style && this.#coloured ? `${colours[style]}${cut}${csi}0m${erased}` : cut + erased;
  }
}
