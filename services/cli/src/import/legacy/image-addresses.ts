import { fileOf } from './recordings.js';

/** An msfs, by the address clients were given. */
export interface ImageAddress {
  /** http://host:8700 */
  origin: string;
  /** number of URLs with this origin */
  count: number;
  /** some of these URLs, without duplicates */
  images: string[];
}

/** Maximum number of images kept for an address. */
const mostImages = 20;

/** Groups image URLs by msfs address, most frequent first. URLs of other servers are left out. */
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
