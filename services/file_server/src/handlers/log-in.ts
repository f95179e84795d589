import { Commands, decodeBody, encodePdu, IM, type MessageOf, type Pdu } from '@teamtalk/protocol';
import { isTransient } from '@teamtalk/service-kit';
import type { Connection } from '../connection/connection.js';
import type { Context } from '../context.js';
import type { LoginOutcome } from '../metrics.js';
import type { Part, Task } from '../tasks/task-store.js';
import { Download } from '../transfers/download.js';
import { CLIENT_FILE_DONE } from '../transfers/participant.js';
import { endReasons } from '../transfers/relay.js';
import type { EndedTransfer } from '../transfers/relays.js';
import { Upload } from '../transfers/upload.js';

type Request = MessageOf<typeof Commands.FileLoginReq>;

const { CLIENT_REALTIME_SENDER, CLIENT_REALTIME_RECVER, CLIENT_OFFLINE_UPLOAD, CLIENT_OFFLINE_DOWNLOAD } =
  IM.BaseDefine.ClientFileRole;

const accepted = 0;
const refused = 1;
/** Task ids are UUIDs; anything else is refused without a query. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * 0x0501: a user logs in for one side of a transfer, answered with 0x0502 `result_code` 0, or 1 and the end of the
 * connection (client-behaviour.md#file-tasks). The task must exist, the user must have that role in it, and be logged in
 * to a msg_server as LOGIN_CHECK requires. Later PDUs of the client wait.
 */
export function logIn(context: Context): (connection: Connection, pdu: Pdu) => void {
  const { metrics, kit } = context;

  async function answer(connection: Connection, request: Request, seqNum: number): Promise<void> {
    const { userId, taskId } = request;
    const checked = await check(context, connection, request);
    if (connection.closed) return;
    // The task may have ended during the check.
    const ended = context.relays.ended(taskId);
    const isOver = ended !== undefined && ended.unconfirmed !== userId;
    const outcome = typeof checked === 'string' ? checked : isOver ? 'unknown_task' : 'ok';
    metrics.logins.inc({ result: outcome });
    const resultCode = outcome === 'ok' ? accepted : refused;
    connection.write(encodePdu(Commands.FileLoginRes, { resultCode, taskId }, seqNum));
    if (typeof checked === 'string' || isOver) {
      const { address } = connection;
      kit.clientLog.info(address, { outcome, userId, peer: address }, 'login refused');
      connection.end('refused');
      return;
    }
    connection.userId = userId;
    connection.taskId = taskId;
    connection.offline = checked.task.offline;
    if (ended) tellEnd(connection, ended);
    else join(context, connection, request.fileRole, checked);
  }

  return (connection, pdu) => {
    const request = decodeBody(Commands.FileLoginReq, pdu.body);
    connection.begin();
    void answer(connection, request, pdu.seqNum)
      .catch((error: unknown) => {
        kit.log.error({ err: error }, 'login failed');
        connection.destroy('failed');
      })
      .finally(() => connection.finish());
  };
}

type Found = { task: Task; parts: readonly Part[] };

async function check(
  { tasks, sessions, relays, uploads, metrics, kit }: Context,
  { address }: Connection,
  { userId, taskId, fileRole }: Request,
): Promise<Found | Exclude<LoginOutcome, 'ok'>> {
  const ended = relays.ended(taskId);
  if (!uuid.test(taskId) || (ended && ended.unconfirmed !== userId)) return 'unknown_task';
  try {
    const found = ended ? { task: ended.task, parts: [] } : await tasks.findWithParts(taskId);
    if (!found) return 'unknown_task';
    const refusal = refusalOf(found.task, userId, fileRole);
    if (refusal) return refusal;
    const { accepted: proven, proof } = await sessions.check(userId, address);
    if (proof === 'other_address') metrics.otherAddress.inc();
    if (!proven) return proof === 'none' ? 'no_session' : 'other_address';
    if (fileRole !== CLIENT_OFFLINE_UPLOAD) return found;
    // An earlier connection of the same sender may still be storing what it received.
    await uploads.takeOver(taskId);
    return (await tasks.findWithParts(taskId)) ?? 'unknown_task';
  } catch (error) {
    if (!isTransient(error)) throw error;
    kit.clientLog.warn(address, { err: error }, 'checking login failed');
    return 'unavailable';
  }
}

function refusalOf(
  { fromUserId, toUserId, offline }: Task,
  userId: number,
  role: IM.BaseDefine.ClientFileRole,
): Exclude<LoginOutcome, 'ok'> | undefined {
  const sends = role === CLIENT_REALTIME_SENDER || role === CLIENT_OFFLINE_UPLOAD;
  if (userId !== (sends ? fromUserId : toUserId)) return 'wrong_user';
  if (offline !== (role === CLIENT_OFFLINE_UPLOAD || role === CLIENT_OFFLINE_DOWNLOAD)) return 'wrong_role';
  return undefined;
}

/** Notifies a user who was not connected when the transfer ended. */
function tellEnd(connection: Connection, ended: EndedTransfer): void {
  if (ended.state !== CLIENT_FILE_DONE) ended.unconfirmed = undefined;
  connection.send({ state: ended.state, userId: ended.by });
  connection.end(endReasons[ended.state] ?? 'cancelled');
}

function join(
  context: Context,
  connection: Connection,
  role: IM.BaseDefine.ClientFileRole,
  { task, parts }: Found,
): void {
  if (role === CLIENT_REALTIME_SENDER) {
    connection.participant = context.relays.joinAsSender(task, connection);
  } else if (role === CLIENT_REALTIME_RECVER) {
    connection.participant = context.relays.joinAsReceiver(task, connection);
  } else if (role === CLIENT_OFFLINE_UPLOAD) {
    const upload = new Upload(context, connection, task);
    connection.participant = upload;
    void upload.begin(parts);
  } else {
    connection.participant = new Download(context, connection, task, parts);
  }
}
