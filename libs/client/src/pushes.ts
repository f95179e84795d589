import { type AnyCommand, Commands, decodeBody, type IM, type MessageOf, type Pdu } from '@teamtalk/protocol';

/** Handlers of unsolicited PDUs of a msg_server. */
export interface PushHandlers {
  message(message: IM.Message.IMMsgData.$Properties): void;
  /** Any ack, also one that is too late for its sender. */
  ack(ack: IM.Message.IMMsgDataAck.$Properties): void;
  read(notify: IM.Message.IMMsgDataReadNotify.$Properties): void;
  status(notify: IM.Buddy.IMUserStatNotify.$Properties): void;
  kick(kick: IM.Login.IMKickUser.$Properties): void;
  file(notify: IM.File.IMFileNotify.$Properties): void;
  group(notify: IM.Group.IMGroupChangeMemberNotify.$Properties): void;
  signature(notify: IM.Buddy.IMSignInfoChangedNotify.$Properties): void;
  avatar(notify: IM.Buddy.IMAvatarChangedNotify.$Properties): void;
  sessionRemoved(notify: IM.Buddy.IMRemoveSessionNotify.$Properties): void;
  pc(notify: IM.Buddy.IMPCLoginStatusNotify.$Properties): void;
  command(command: IM.SwitchService.IMP2PCmdMsg.$Properties): void;
}

/** @returns false when the body does not parse; unhandled commands are fine */
export function handlePush(pdu: Pdu, handlers: PushHandlers): boolean {
  switch (pdu.commandId) {
    case Commands.MsgData.id:
      return decoded(Commands.MsgData, pdu, handlers.message);
    case Commands.MsgDataAck.id:
      return decoded(Commands.MsgDataAck, pdu, handlers.ack);
    case Commands.MsgReadNotify.id:
      return decoded(Commands.MsgReadNotify, pdu, handlers.read);
    case Commands.BuddyListStatusNotify.id:
      return decoded(Commands.BuddyListStatusNotify, pdu, handlers.status);
    case Commands.LoginKickUser.id:
      return decoded(Commands.LoginKickUser, pdu, handlers.kick);
    case Commands.FileNotify.id:
      return decoded(Commands.FileNotify, pdu, handlers.file);
    case Commands.GroupChangeMemberNotify.id:
      return decoded(Commands.GroupChangeMemberNotify, pdu, handlers.group);
    case Commands.BuddyListSignInfoChangedNotify.id:
      return decoded(Commands.BuddyListSignInfoChangedNotify, pdu, handlers.signature);
    case Commands.BuddyListAvatarChangedNotify.id:
      return decoded(Commands.BuddyListAvatarChangedNotify, pdu, handlers.avatar);
    case Commands.BuddyListRemoveSessionNotify.id:
      return decoded(Commands.BuddyListRemoveSessionNotify, pdu, handlers.sessionRemoved);
    case Commands.BuddyListPcLoginStatusNotify.id:
      return decoded(Commands.BuddyListPcLoginStatusNotify, pdu, handlers.pc);
    case Commands.SwitchP2pCmd.id:
      return decoded(Commands.SwitchP2pCmd, pdu, handlers.command);
    default:
      return true;
  }
}

function decoded<C extends AnyCommand>(
  command: C,
  pdu: Pdu,
  handle: (message: MessageOf<C>) => void,
): boolean {
  let message: MessageOf<C>;
  try {
    message = decodeBody(command, pdu.body) as MessageOf<C>;
  } catch {
    return false;
  }
  handle(message);
  return true;
}
