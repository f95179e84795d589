import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

// The least an HTTP server in Node can do with an upload: put it into a file as it is, and flush that to the disk
// before it answers, as msfs does. Started by floors.ts, which says the folder.
const folder = process.argv[2]!;
let count = 0;
const server = createServer((request, response) => {
  count++;
  pipeline(request, createWriteStream(path.join(folder, String(count)), { flush: true })).then(
    () => response.writeHead(200, { 'content-length': 0 }).end(),
    () => response.destroy(),
  );
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('disconnect', () => process.exit(0));
