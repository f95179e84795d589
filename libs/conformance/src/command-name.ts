import { commandById } from '@teamtalk/protocol';

/** `0x0301 CID_MSG_DATA`, as reports name a command. */
export function nameOf(commandId: number): string {
  const id = `0x${commandId.toString(16).padStart(4, '0')}`;
  const name = commandById(commandId)?.name;
  return name ? `${id} ${name}` : id;
}
