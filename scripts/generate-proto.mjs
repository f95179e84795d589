// Generates the static protobufjs modules (`gen/*.js` with their `.d.ts`) from proto/.
// Each module has a root of its own, so that no two can overwrite each other's types.
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pbjs from 'protobufjs-cli/pbjs.js';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const modules = [
  { out: 'libs/protocol/gen/client.js', root: 'teamtalk-client', from: 'proto/client' },
  { out: 'libs/rpc/gen/db_proxy.js', root: 'teamtalk-db-proxy', from: 'proto/internal/db_proxy.proto' },
  { out: 'libs/rpc/gen/http_api.js', root: 'teamtalk-http-api', from: 'proto/internal/http_api.proto' },
  { out: 'libs/rpc/gen/push.js', root: 'teamtalk-push', from: 'proto/internal/push.proto' },
  { out: 'libs/rpc/gen/console.js', root: 'teamtalk-console', from: 'proto/internal/console.proto' },
  { out: 'libs/rpc/gen/trace.js', root: 'teamtalk-trace', from: 'proto/internal/trace.proto' },
  { out: 'libs/bus/gen/bus.js', root: 'teamtalk-bus', from: 'proto/internal/bus.proto' },
  {
    out: 'services/db_proxy_server/gen/outbox.js',
    root: 'teamtalk-outbox',
    from: 'proto/internal/outbox.proto',
  },
];

const options =
  '--target static-module --wrap esm --dts --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-service';

async function sources(from) {
  const full = path.join(top, from);
  if (!(await stat(full)).isDirectory()) return [full, ...(await imports(full))];
  return (await readdir(full)).filter((name) => name.endsWith('.proto')).map((name) => path.join(full, name));
}

async function imports(file) {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/^import "(.+)";$/gm)].map(([, name]) => path.join(path.dirname(file), name));
}

async function modified(files) {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (s) => s.mtimeMs,
        () => 0,
      ),
    ),
  );
  return times;
}

for (const { out, root, from } of modules) {
  const target = path.join(top, out);
  const inputs = await sources(from);
  const newest = Math.max(...(await modified([...inputs, fileURLToPath(import.meta.url)])));
  const [built] = await modified([target]);
  if (built > newest) continue;
  await mkdir(path.dirname(target), { recursive: true });
  await new Promise((resolve, reject) => {
    pbjs.main([...options.split(' '), '--root', root, '--out', target, ...inputs], (error) =>
      error ? reject(error) : resolve(undefined),
    );
  });
}
