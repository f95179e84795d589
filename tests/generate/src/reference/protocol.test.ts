import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allCommands } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import { commandNotes, type ProtoFile, parseContract, protocolReference } from './protocol.js';

const folder = new URL('../../../../proto/client/', import.meta.url);
const files: ProtoFile[] = readdirSync(fileURLToPath(folder)).map((name) => [
  name,
  readFileSync(new URL(name, folder), 'utf8'),
]);
const root = parseContract(files);
const ofClients = allCommands.filter(({ direction }) => direction !== 'between-servers');

describe('the contract says', () => {
  it.each(ofClients)('of $name what it means, who may send it and how it is refused', (command) => {
    const message = root.lookupType(command.message);
    const { meaning, sentBy, refused } = commandNotes(message);
    expect(meaning).toMatch(/\.$/);
    const fromClients = command.direction !== 'server-to-client';
    expect([sentBy !== undefined, refused !== undefined]).toEqual([fromClients, fromClients]);
    expect(message.comment).toContain(`command 0x${command.id.toString(16).padStart(4, '0')}`);
    const unexplained = message.fieldsArray.filter(({ comment }) => !comment).map(({ name }) => name);
    expect(unexplained).toEqual([]);
  });
});

it('the page has every command and every record that one of them uses', () => {
  const page = protocolReference(files);
  for (const { name } of allCommands) expect(page).toContain(name);
  const used = ofClients.flatMap(({ message }) =>
    root.lookupType(message).fieldsArray.map(({ type }) => type.replace('IM.BaseDefine.', '')),
  );
  for (const type of new Set(used.filter((name) => /^[A-Z]/.test(name)))) {
    expect(page).toContain(`\n### ${type}\n`);
  }
  expect(page).toContain('| 3 | `group_id` | uint32 | required | the group |');
});
