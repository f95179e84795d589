import type { ServerResponse } from 'node:http';
import path from 'node:path';

/**
 * Options of express-static-gzip for the files of a page's build, in compressed form if there is one beside the file. Files below
 * `assets/` have a hash of their content in their names, so browsers may cache them; others are revalidated.
 */
export function pageFileOptions(folder: string) {
  return {
    enableBrotli: true,
    orderPreference: ['br', 'gzip'],
    serveStatic: {
      redirect: false,
      acceptRanges: false,
      setHeaders: (response: ServerResponse, file: string) => {
        const isHashed = path.relative(folder, file).startsWith(`assets${path.sep}`);
        response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    },
  };
}
