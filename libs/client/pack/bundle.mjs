// One bundle for Node and one for browsers, with everything that they need of other packages.
import path from 'node:path';
import { rolldown } from 'rolldown';
import { packagesOf } from './licences.mjs';

/** What ws uses where it is installed. */
const optional = ['bufferutil', 'utf-8-validate'];

/**
 * @param dist what the compiler made of libs/client
 * @returns the folders of the other packages that are in the bundles
 */
export async function bundle(dist, target) {
  const forNode = await build({ index: path.join(dist, 'index.js') }, 'node', target);
  const forBrowsers = await build({ browser: path.join(dist, 'index.browser.js') }, 'browser', target);
  const outside = forBrowsers.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  if (outside.length > 0) throw new Error(`the bundle for browsers imports ${outside.join(', ')}`);
  return packagesOf([...forNode, ...forBrowsers].flatMap(({ moduleIds }) => moduleIds));
}

async function build(input, platform, dir) {
  const bundled = await rolldown({
    input,
    platform,
    external: [/^node:/, ...optional],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`the bundler warns: ${log.message}`);
    },
  });
  const { output } = await bundled.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    comments: { legal: true, annotation: true, jsdoc: false },
  });
  await bundled.close();
  return output.filter(({ type }) => type === 'chunk');
}
