import { fileOf } from './recordings.js';

/** An msfs, as clients were told to dial it. */
export interface ImageAddress {
  /** http://host:8700 */
  origin: string;
  /** how many of the URLs name it */
  count: number;
  /** some of them, each once */
  images: string[];
}

/** Of an address. */
const mostImages = 20;

/** The addresses of msfs in the URLs of images, those named most often first. URLs of other servers are left out. */
export function imageAddresses(urls: Iterable<string>): ImageAddress[] {
  const addresses = new Map<string, ImageAddress>();
  for (const url of urls) {
    if (fileOf(url) === undefined || !/^https?:/i.test(url) || !URL.canParse(url)) continue;
    const { origin } = new URL(url);
    const address = addresses.get(origin) ?? { origin, count: 0, images: [] };
    addresses.set(origin, address);
    address.count++;
    if (address.images.length < mostImages && !address.images.includes(url)) address.images.push(url);
  }
  return [...addresses.values()].sort((a, b) => b.count - a.count);
}
