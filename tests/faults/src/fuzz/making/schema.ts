import { readdirSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';

const top = path.resolve(import.meta.dirname, '../../../../..');

/** Every message, enumeration and service of proto/, by full name. */
export const schema = load();

function load(): protobuf.Root {
  const root = new protobuf.Root();
  for (const folder of ['client', 'internal']) {
    const where = path.join(top, 'proto', folder);
    const files = readdirSync(where).filter((name) => name.endsWith('.proto'));
    root.resolvePath = (_origin, target) => (path.isAbsolute(target) ? target : path.join(where, target));
    root.loadSync(
      files.map((name) => path.join(where, name)),
      { keepCase: true },
    );
  }
  root.resolveAll();
  return root;
}

/** @throws Error when there is no message of that full name */
export function messageType(name: string): protobuf.Type {
  return schema.lookupType(name);
}

/** Whole PDUs of every command, as hexadecimal digits. */
export const goldenFile = path.join(top, 'libs/protocol/fixtures/pdus.json');
