import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Commands as C, decodeBody, encodePdu, encodeRawPdu, IM, type Pdu } from '@teamtalk/protocol';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_SENDER, CLIENT_REALTIME_RECVER, CLIENT_OFFLINE_UPLOAD, CLIENT_OFFLINE_DOWNLOAD } =
  IM.BaseDefine.ClientFileRole;
const { CLIENT_FILE_PEER_READY, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;
const block = 32_768;

interface Task {
  from: number;
  to: number;
  size: number;
  transMode: 1 | 2;
  sides: Map<number, Socket>;
  /** the number of the receiver's pull, which the sender's answer gets */
  pullSeqNum: number;
  content: Buffer[];
  stored: number;
}

/** Simulates an original file_server, which trusts its clients. */
export class OriginalFileServer {
  address = { ip: '127.0.0.1', port: 0 };
  readonly #tasks = new Map<string, Task>();
  readonly #logins = new WeakMap<Socket, { task: Task; taskId: string; userId: number }>();

  createTask(task: Pick<Task, 'from' | 'to' | 'size' | 'transMode'>): string {
    const taskId = randomUUID();
    this.#tasks.set(taskId, { ...task, sides: new Map(), pullSeqNum: 0, content: [], stored: 0 });
    return taskId;
  }

  handle(socket: Socket, { commandId, body, seqNum }: Pdu): void {
    if (commandId === C.FileLoginReq.id) this.#logIn(socket, body, seqNum);
    else if (commandId === C.FileState.id) this.#state(socket, body);
    else if (commandId === C.FilePullDataReq.id) this.#pull(socket, body, seqNum);
    else if (commandId === C.FilePullDataRsp.id) this.#data(socket, body);
  }

  #logIn(socket: Socket, body: Buffer, seqNum: number): void {
    const { userId, taskId, fileRole } = decodeBody(C.FileLoginReq, body);
    const task = this.#tasks.get(taskId);
    const online = task?.transMode === FILE_TYPE_ONLINE;
    const fits =
      task !== undefined &&
      ((online && fileRole === CLIENT_REALTIME_SENDER && userId === task.from) ||
        (online && fileRole === CLIENT_REALTIME_RECVER && userId === task.to) ||
        (!online && fileRole === CLIENT_OFFLINE_UPLOAD && userId === task.from) ||
        (!online && fileRole === CLIENT_OFFLINE_DOWNLOAD && userId === task.to));
    socket.write(encodePdu(C.FileLoginRes, { resultCode: fits ? 0 : 1, taskId }, seqNum));
    if (!fits) {
      socket.end();
      return;
    }
    this.#logins.set(socket, { task, taskId, userId });
    task.sides.set(userId, socket);
    const receiver = task.sides.get(task.to);
    if (online && receiver && task.sides.size === 2) {
      const ready = { state: CLIENT_FILE_PEER_READY, taskId, userId: task.from };
      receiver.write(encodePdu(C.FileState, ready, 0));
    } else if (fileRole === CLIENT_OFFLINE_UPLOAD) this.#ask(socket, task, taskId);
  }

  #ask(socket: Socket, task: Task, taskId: string): void {
    const dataSize = Math.min(block, task.size - task.stored);
    const pull = { taskId, userId: task.from, transMode: FILE_TYPE_OFFLINE, offset: task.stored, dataSize };
    socket.write(encodePdu(C.FilePullDataReq, pull, 0));
  }

  #state(socket: Socket, body: Buffer): void {
    const login = this.#logins.get(socket);
    if (!login) return;
    const { task, userId } = login;
    const other = task.sides.get(userId === task.from ? task.to : task.from);
    other?.write(encodeRawPdu(C.FileState.id, body, 0));
    socket.end();
    other?.end();
    for (const [id, each] of this.#tasks)
      if (each === task && task.transMode === FILE_TYPE_ONLINE) this.#tasks.delete(id);
  }

  #pull(socket: Socket, body: Buffer, seqNum: number): void {
    const login = this.#logins.get(socket);
    if (!login) return;
    const { task, taskId } = login;
    const { offset, dataSize, userId } = decodeBody(C.FilePullDataReq, body);
    if (userId !== login.userId || userId !== task.to) {
      const refused = { resultCode: 1, taskId, userId, offset, fileData: Buffer.alloc(0) };
      socket.write(encodePdu(C.FilePullDataRsp, refused, seqNum));
      socket.end();
      return;
    }
    if (task.transMode === FILE_TYPE_ONLINE) {
      task.pullSeqNum = seqNum;
      task.sides.get(task.from)?.write(encodeRawPdu(C.FilePullDataReq.id, body, seqNum));
      return;
    }
    const fileData = Buffer.concat(task.content).subarray(offset, offset + dataSize);
    socket.write(encodePdu(C.FilePullDataRsp, { resultCode: 0, taskId, userId, offset, fileData }, seqNum));
    if (offset + fileData.length >= task.size) {
      socket.write(encodePdu(C.FileState, { state: CLIENT_FILE_DONE, taskId, userId }, 0));
    }
  }

  #data(socket: Socket, body: Buffer): void {
    const login = this.#logins.get(socket);
    if (!login) return;
    const { task, taskId } = login;
    if (task.transMode === FILE_TYPE_ONLINE) {
      task.sides.get(task.to)?.write(encodeRawPdu(C.FilePullDataRsp.id, body, task.pullSeqNum));
      return;
    }
    const { fileData } = decodeBody(C.FilePullDataRsp, body);
    task.content.push(Buffer.from(fileData));
    task.stored += fileData.length;
    if (task.stored < task.size) {
      this.#ask(socket, task, taskId);
      return;
    }
    socket.write(encodePdu(C.FileState, { state: CLIENT_FILE_DONE, taskId, userId: task.from }, 0));
    socket.end();
  }
}
