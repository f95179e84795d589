import { existsSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const libs = path.resolve(import.meta.dirname, '../../../libs');

/** Resolves `x.js` of the SDK to `x.browser.js` if that file exists. */
const browserFiles: Plugin = {
  name: 'browser-files',
  enforce: 'pre',
  resolveId(specifier, importer) {
    // `long` handles 64-bit integers, which the protocol does not have. It compiles WebAssembly at load, which the
    // Content-Security-Policy refuses.
    if (specifier === 'long') return '\0no-long';
    if (specifier === '@teamtalk/client') return path.join(libs, 'client/dist/index.browser.js');
    if (!specifier.startsWith('.') || !importer?.startsWith(libs)) return undefined;
    const file = path.resolve(path.dirname(importer), specifier).replace(/\.js$/, '.browser.js');
    return existsSync(file) ? file : undefined;
  },
  load: (id) => (id === '\0no-long' ? 'export default undefined;' : undefined),
};

export default defineConfig({
  plugins: [browserFiles],
  build: {
    rolldownOptions: {
      input: {
        index: path.join(import.meta.dirname, 'index.html'),
        sw: path.join(import.meta.dirname, 'worker/sw.ts'),
      },
      // A service worker must keep its URL, because browsers check it for updates.
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
});
