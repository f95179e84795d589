import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes a record as `NAME.html` and `NAME.json` into `folder`, creating it if needed. @returns the two files */
export async function writePages(
  folder: string,
  name: string,
  record: { page: string; data: object },
): Promise<{ page: string; data: string }> {
  await mkdir(folder, { recursive: true });
  const page = path.join(folder, `${name}.html`);
  const data = path.join(folder, `${name}.json`);
  await writeFile(page, record.page);
  await writeFile(data, `${JSON.stringify(record.data, null, 2)}\n`);
  return { page, data };
}
