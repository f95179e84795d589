import { describe, expect, expectTypeOf, it } from 'vitest';
import { IM } from '../gen/client.js';
import type { MessageOf, PropertiesOf } from './command.js';
import { Commands } from './command-table.js';
import { allCommands, commandById, commandByMessage, commandsOfService, serviceIdOf } from './commands.js';
import { readSchema } from './testing/proto-schema.js';

const schema = readSchema();

describe('the command table', () => {
  it('has one row for every member of the command enums', () => {
    const rows = allCommands.map(({ name, id }) => [name, id]);
    expect(schema.commandIds.size).toBe(101);
    expect(new Map(rows as [string, number][])).toEqual(schema.commandIds);
    expect(rows).toHaveLength(schema.commandIds.size);
  });

  it('maps every command to the message that names it in the schema', () => {
    const rows = allCommands.map(({ message, id }) => [message, id]);
    expect(new Map(rows as [string, number][])).toEqual(schema.commandOfMessage);
  });

  it('names each row after its enum member', () => {
    for (const [key, { name }] of Object.entries(Commands)) {
      const words = name.replace(/^CID_/, '').toLowerCase().split('_');
      expect(key).toBe(words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(''));
    }
  });

  it('has the service id of each enum', () => {
    const { ServiceID } = IM.BaseDefine;
    expect(Commands.LoginReqUserlogin.serviceId).toBe(ServiceID.SID_LOGIN);
    expect(Commands.BuddyListStatusNotify.serviceId).toBe(ServiceID.SID_BUDDY_LIST);
    expect(Commands.MsgData.serviceId).toBe(ServiceID.SID_MSG);
    expect(Commands.GroupInfoRequest.serviceId).toBe(ServiceID.SID_GROUP);
    expect(Commands.FileState.serviceId).toBe(ServiceID.SID_FILE);
    expect(Commands.SwitchP2pCmd.serviceId).toBe(ServiceID.SID_SWITCH_SERVICE);
    expect(Commands.OtherHeartbeat.serviceId).toBe(ServiceID.SID_OTHER);
  });

  it('knows the direction of every command', () => {
    const both = allCommands.filter(({ direction }) => direction === 'both').map(({ id }) => id);
    expect(both).toEqual([0x0301, 0x0302, 0x0503, 0x0504, 0x0505, 0x0601, 0x0701]);
    for (const { id, message, direction } of allCommands) {
      if (message.startsWith('IM.Server.')) expect(direction, message).toBe('between-servers');
      else if (both.includes(id)) continue;
      else if (/Req$|ReadAck$/.test(message)) expect(direction, message).toBe('client-to-server');
      else if (/Rsp$|Res$|Notify$|IMKickUser$/.test(message)) {
        expect(direction, message).toBe('server-to-client');
      } else expect.unreachable(message);
    }
  });

  it('is immutable', () => {
    expect(Object.isFrozen(Commands)).toBe(true);
    expect(Object.isFrozen(Commands.MsgData)).toBe(true);
    expect(Object.isFrozen(allCommands)).toBe(true);
  });
});

describe('lookup', () => {
  it('maps each command to its parts and back', () => {
    for (const command of allCommands) {
      expect(commandById(command.id)).toBe(command);
      expect(commandByMessage(command.message)).toBe(command);
      expect(commandByMessage(command.type)).toBe(command);
      expect(serviceIdOf(command.id)).toBe(command.serviceId);
      expect(commandsOfService(command.serviceId)).toContain(command);
    }
  });

  it('returns undefined for unknown commands', () => {
    expect(commandById(0x070c)).toBeUndefined();
    expect(commandById(0)).toBeUndefined();
    expect(commandByMessage('IM.BaseDefine.UserInfo')).toBeUndefined();
    expect(commandByMessage(IM.BaseDefine.UserInfo)).toBeUndefined();
    expect(commandsOfService(9)).toEqual([]);
  });

  it('lists the commands of a service in order', () => {
    const ids = commandsOfService(5).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 12 }, (_, i) => 0x0501 + i));
  });
});

it('types follow from the row', () => {
  expectTypeOf<PropertiesOf<typeof Commands.MsgData>>().toEqualTypeOf<IM.Message.IMMsgData.$Properties>();
  expectTypeOf<MessageOf<typeof Commands.MsgData>>().toExtend<IM.Message.IMMsgData>();
  expectTypeOf(commandByMessage(IM.Message.IMMsgDataAck)).toEqualTypeOf<
    typeof Commands.MsgDataAck | undefined
  >();
});
