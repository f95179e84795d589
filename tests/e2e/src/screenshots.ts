import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const maxBytes = 60_000;

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
    const png = await page.screenshot({
      path: path.join(this.#folder, `${name}.png`),
      animations: 'disabled',
    });
    if (process.env.SCREENSHOTS !== 'docs' || !(name in this.#shown)) return;
    const webp = await asWebp(page, png);
    expect(webp.length, name).toBeLessThanOrEqual(maxBytes);
    await mkdir(this.#docs, { recursive: true });
    await writeFile(path.join(this.#docs, `${this.#shown[name]}.webp`), webp);
  }
}

/** Converts an image in the browser, which supports WebP. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  const blank = await page.context().newPage();
  try {
    const url = (await blank.evaluate(
      async (data) => {
        const { document, Image } = globalThis as unknown as {
          // biome-ignore lint/suspicious/noExplicitAny: this project does not include DOM types
          document: any;
          // biome-ignore lint/suspicious/noExplicitAny: no DOM types either
          Image: any;
        };
        const image = new Image();
        image.src = data;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.width;
        canvas.height = image.height;
        canvas.getContext('2d').drawImage(image, 0, 0);
        return canvas.toDataURL('image/webp', 0.8);
      },
      `data:image/png;base64,${png.toString('base64')}`,
    )) as string;
    return Buffer.from(url.split(',')[1] ?? '', 'base64');
  } finally {
    await blank.close();
  }
}
