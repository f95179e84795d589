import type { Command } from 'commander';
import { hostAndPort, wholeNumber } from '../arguments.js';
import { Failure } from '../failure.js';
import { databaseUrl } from '../installation.js';
import { print, printJson } from '../output.js';

interface CheckImagesOptions {
  texts: number;
  textKey?: string;
  via?: { host: string; port: number };
  json?: boolean;
}

/** `teamtalk import check-images` */
export function defineCheckImages(command: Command): void {
  command
    .command('check-images')
    .description('Check that every msfs named in old texts and avatars still serves their images')
    .option('--texts <count>', 'number of texts to sample at random', wholeNumber(1, 10_000_000), 100_000)
    .option('--text-key <key>', 'key that decrypts texts; default: TEXT_KEY')
    .option('--via <host:port>', 'ask this msfs instead, as if every address already led to it', hostAndPort)
    .option('--json', 'print JSON')
    .action(checkImages);
}

async function checkImages({ texts, textKey, via, json }: CheckImagesOptions): Promise<void> {
  const run = await import('../import/run/index.js');
  const addresses = await run.checkImages({ databaseUrl: databaseUrl(process.env), texts, textKey, via });
  if (json) printJson(addresses);
  else if (addresses.length === 0) print('no text or avatar refers to an image of an msfs');
  else {
    for (const { origin, named, problem } of addresses)
      print(`${origin}  ${named.toLocaleString('en')} images: ${problem ?? 'answers'}`);
  }
  const silent = addresses.filter(({ problem }) => problem !== null);
  if (silent.length === 0) return;
  throw new Failure(
    `${silent.map(({ origin }) => origin).join(', ')}: clients cannot load images from there. Point the host name or address at a new msfs that listens on this port.`,
  );
}
