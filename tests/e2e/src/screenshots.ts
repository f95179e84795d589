import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const maxBytes = 60_000;
/** Of a sheet, which has several of them. */
const maxSheetBytes = 150_000;
/** Size of each screenshot on a sheet. */
const sheetScale = 0.6;

/** Saves screenshots for people to look at. A font with Chinese characters must be installed. */
export class Screenshots {
  readonly #folder: string;
  readonly #docs: string;
  readonly #shown: Readonly<Record<string, string>>;

  /**
   * @param subject they are saved in `.data/SUBJECT-screenshots`
   * @param shown those in the guide, and their names in `docs/guides/SUBJECT`; SCREENSHOTS=docs updates them
   */
  constructor(subject: string, shown: Readonly<Record<string, string>>) {
    this.#folder = path.join(root, `.data/${subject}-screenshots`);
    this.#docs = path.join(root, 'docs/guides', subject);
    this.#shown = shown;
  }

  async take(page: Page, name: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const png = await page.screenshot({ path: this.#file(name), animations: 'disabled' });
    const shown = this.#shown[name];
    if (shown) await this.#renew(page, shown, [png], { scale: 1, maxBytes });
  }

  /** Adds a sheet of screenshots that were taken, two in a row, to the guide as `NAME.webp`; only with SCREENSHOTS=docs. */
  async sheet(page: Page, name: string, taken: readonly string[]): Promise<void> {
    const pngs = await Promise.all(taken.map((each) => readFile(this.#file(each))));
    await this.#renew(page, name, pngs, { scale: sheetScale, maxBytes: maxSheetBytes });
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.png`);
  }

  async #renew(
    page: Page,
    name: string,
    pngs: readonly Buffer[],
    { scale, maxBytes: most }: { scale: number; maxBytes: number },
  ): Promise<void> {
    if (process.env.SCREENSHOTS !== 'docs') return;
    const webp = await asWebp(page, pngs, scale);
    expect(webp.length, name).toBeLessThanOrEqual(most);
    await mkdir(this.#docs, { recursive: true });
    await writeFile(path.join(this.#docs, `${name}.webp`), webp);
  }
}

/** Converts images of one size in the browser, which supports WebP; two in a row. */
async function asWebp(page: Page, pngs: readonly Buffer[], scale: number): Promise<Buffer> {
  const blank = await page.context().newPage();
  try {
    const url = (await blank.evaluate(
      async ([images, factor]) => {
        const { document, Image } = globalThis as unknown as {
          // biome-ignore lint/suspicious/noExplicitAny: this project does not include DOM types
          document: any;
          // biome-ignore lint/suspicious/noExplicitAny: no DOM types either
          Image: any;
        };
        const loaded = await Promise.all(
          images.map(async (data) => {
            const image = new Image();
            image.src = data;
            await image.decode();
            return image;
          }),
        );
        const width = Math.round(loaded[0].width * factor);
        const height = Math.round(loaded[0].height * factor);
        const canvas = document.createElement('canvas');
        canvas.width = width * Math.min(2, loaded.length);
        canvas.height = height * Math.ceil(loaded.length / 2);
        const context = canvas.getContext('2d');
        context.imageSmoothingQuality = 'high';
        for (const [i, image] of loaded.entries()) {
          context.drawImage(image, (i % 2) * width, Math.floor(i / 2) * height, width, height);
        }
        return canvas.toDataURL('image/webp', 0.8);
      },
      [pngs.map((png) => `data:image/png;base64,${png.toString('base64')}`), scale] as const,
    )) as string;
    return Buffer.from(url.split(',')[1] ?? '', 'base64');
  } finally {
    await blank.close();
  }
}
