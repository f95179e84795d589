import type { AnyCommand, Command, MessageType } from './command.js';
import { Commands } from './command-table.js';

/** All commands, ascending by id. */
export const allCommands: readonly AnyCommand[] = Object.freeze(
  (Object.values(Commands) as AnyCommand[]).sort((a, b) => a.id - b.id),
);

const byId = new Map<number, AnyCommand>(allCommands.map((command) => [command.id, command]));
const byService = new Map<number, AnyCommand[]>();
for (const command of allCommands) {
  const commands = byService.get(command.serviceId);
  if (commands) commands.push(command);
  else byService.set(command.serviceId, [command]);
}
const byMessage = new Map<unknown, AnyCommand>(
  allCommands.flatMap((command) => [
    [command.message, command],
    [command.type, command],
  ]),
);

/** The command with this `command_id`, or undefined when the protocol has none. Constant time. */
export function commandById(id: number): AnyCommand | undefined {
  return byId.get(id);
}

/**
 * The command that carries a message, given by its type or its full name (`'IM.Message.IMMsgData'`).
 * Every message of the schema that is a PDU's body belongs to exactly one command. Constant time.
 */
export function commandByMessage<M extends object, P extends object>(
  message: MessageType<M, P>,
): Command<M, P> | undefined;
export function commandByMessage(message: string): AnyCommand | undefined;
export function commandByMessage(message: unknown): AnyCommand | undefined {
  return byMessage.get(message);
}

/** The commands with this `service_id`, ascending by id; none for a service the protocol does not have. */
export function commandsOfService(serviceId: number): readonly AnyCommand[] {
  return byService.get(serviceId) ?? [];
}

/** The `service_id` of a `command_id`: its high byte. */
export function serviceIdOf(commandId: number): number {
  return commandId >>> 8;
}
