import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

// The least an HTTP server in Node can do with an upload and promise what msfs does: write the request to a file and
// flush file and name to the disk before it answers. Started by baseline-servers.ts with the folder.
const folder = process.argv[2]!;
const folderHandle = await open(folder);
let count = 0;

async function keep(request: IncomingMessage): Promise<void> {
  count++;
  await pipeline(request, createWriteStream(path.join(folder, String(count)), { flush: true }));
  await folderHandle.sync();
}

const server = createServer((request, response) => {
  keep(request).then(
    () => response.writeHead(200, { 'content-length': 0 }).end(),
    () => response.destroy(),
  );
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('disconnect', () => process.exit(0));
