// Makes one bundle for Node and one for browsers, including what they need from other packages.
import path from 'node:path';
import { rolldown } from 'rolldown';
import { packagesOf } from './licences.mjs';

/** Optional dependencies of ws. */
const optional = ['bufferutil', 'utf-8-validate'];

/**
 * @param dist the compiled libs/client
 * @returns the folders of the other packages included in the bundles
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
