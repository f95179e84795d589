import { readdirSync, readFileSync } from 'node:fs';

const directory = new URL('../../../../proto/client/', import.meta.url);

interface SchemaField {
  number: number;
  label: 'required' | 'optional' | 'repeated';
  name: string;
}

/** The content of the .proto files, parsed without protobufjs. */
interface Schema {
  /** The members of all command enums: `CID_MSG_DATA` -> 0x0301. */
  commandIds: Map<string, number>;
  /** Full name of a message -> the command id in the comment above it. */
  commandOfMessage: Map<string, number>;
  /** Full name of a message -> its fields. */
  fields: Map<string, SchemaField[]>;
}

export function readSchema(): Schema {
  const schema: Schema = { commandIds: new Map(), commandOfMessage: new Map(), fields: new Map() };
  for (const file of readdirSync(directory)) {
    const text = readFileSync(new URL(file, directory), 'utf8');
    const packageName = /^package ([\w.]+);$/m.exec(text)?.[1];
    for (const [, body = ''] of text.matchAll(/enum \w+CmdID \{(.*?)\}/gs)) {
      for (const [, name, id] of body.matchAll(/(CID_\w+) = (0x\w+);/g)) {
        schema.commandIds.set(name as string, Number(id));
      }
    }
    for (const [, id, name, body = ''] of text.matchAll(
      /(?:\/\/ command (0x\w+)\n)?message (\w+) \{(.*?)\}/gs,
    )) {
      const message = `${packageName}.${name}`;
      if (id) schema.commandOfMessage.set(message, Number(id));
      schema.fields.set(
        message,
        Array.from(body.matchAll(/(required|optional|repeated) [\w.]+ (\w+) = (\d+)/g), (field) => ({
          label: field[1] as SchemaField['label'],
          name: field[2] as string,
          number: Number(field[3]),
        })),
      );
    }
  }
  return schema;
}
