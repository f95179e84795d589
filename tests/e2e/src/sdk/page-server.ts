import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OutputChunk, rolldown } from 'rolldown';

/** Bundles a module for browsers, like any bundler that supports the `browser` condition. */
export async function bundleForBrowser(file: string): Promise<string> {
  const bundle = await rolldown({
    input: file,
    platform: 'browser',
    logLevel: 'warn',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  if (output.length !== 1) throw new Error(`${file} became ${output.length} files`);
  return (output[0] as OutputChunk).code;
}

/** Serves pages that each consist of one module. */
export class PageServer {
  readonly #server: Server;
  readonly #modules = new Map<string, string>();

  static async start(): Promise<PageServer> {
    const pages = new PageServer();
    await new Promise<void>((resolve) => pages.#server.listen(0, '127.0.0.1', resolve));
    return pages;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      const module = this.#modules.get(request.url ?? '');
      if (module !== undefined) response.setHeader('content-type', 'text/javascript').end(module);
      else response.setHeader('content-type', 'text/html').end(pageOf(`${request.url}.js`));
    });
  }

  /** @returns the URL of a page that runs the module */
  add(name: string, module: string): string {
    this.#modules.set(`/${name}.js`, module);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function pageOf(module: string): string {
  return `<!doctype html><meta charset="utf-8"><ul id="messages"></ul><script type="module" src="${module}"></script>`;
}
