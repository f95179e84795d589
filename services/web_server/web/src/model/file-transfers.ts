import {
  BlobSink,
  blobSource,
  ClientError,
  type FileOffer,
  offlineFiles,
  receiveFile,
  refuseFile,
  sendFile,
  type TeamTalkClient,
} from '@teamtalk/client';
import { t } from '../i18n/index.js';
import { emptyConversation } from './conversations.js';
import { userName } from './names.js';
import { keyOf } from './session.js';
import type { State } from './state.js';
import { showToast } from './toasts.js';
import type { FileTransfer } from './transfer.js';

/** What a transfer needs to resume after an interruption. */
interface Work {
  readonly file?: File;
  readonly offer?: FileOffer;
  readonly sink?: BlobSink;
  taskId?: string;
  cancel?: AbortController;
}

/** Sends files, which wait at the server until the recipient fetches them, and receives those of others. */
export class FileTransfers {
  readonly #client: TeamTalkClient;
  readonly #state: State;
  readonly #work = new Map<string, Work>();
  #sent = 0;

  constructor(client: TeamTalkClient, state: State) {
    this.#client = client;
    this.#state = state;
  }

  get isBusy(): boolean {
    return this.#state.files.value.some(({ state }) => state === 'running');
  }

  /** Lists the files that wait at the server. @throws as the SDK's requests */
  async load(): Promise<void> {
    for (const offer of await offlineFiles(this.#client)) this.#add(offer);
  }

  /** Called when another user offers a file. */
  offered(offer: FileOffer): void {
    if (!this.#add(offer)) return;
    showToast(t.value.fileOffer(userName(this.#state, offer.fromUserId), baseName(offer.name)));
  }

  send(userId: number, file: File): void {
    const key = `sent ${++this.#sent}`;
    this.#work.set(key, { file });
    this.#put({ key, userId, isOutgoing: true, name: file.name, size: file.size, done: 0, state: 'offered' });
    void this.start(key);
  }

  /** Starts or resumes a transfer. Never throws: a failed transfer is shown as failed. */
  async start(key: string): Promise<void> {
    const work = this.#work.get(key);
    const transfer = this.#find(key);
    if (!work || !transfer || transfer.state === 'running') return;
    const cancel = new AbortController();
    work.cancel = cancel;
    this.#change(key, { state: 'running' });
    const options = { signal: cancel.signal, onProgress: (bytes: number) => this.#progress(key, bytes) };
    try {
      const url = await this.#run(transfer.userId, work, options);
      this.#change(key, { state: 'finished', done: transfer.size, url });
      if (url !== undefined) save(url, transfer.name);
    } catch (error) {
      this.#failed(key, work, cancel.signal.aborted, error);
    }
  }

  /** Stops a running transfer. An upload is dropped; an offline file can be fetched later. */
  cancel(key: string): void {
    this.#work.get(key)?.cancel?.abort();
  }

  /** Removes a transfer from the list, and declines it if it is only offered. @throws as the SDK's `refuseFile` */
  async remove(key: string): Promise<void> {
    const { offer } = this.#work.get(key) ?? {};
    const transfer = this.#find(key);
    this.#drop(key);
    if (offer && transfer?.state === 'offered') await refuseFile(this.#client, offer);
  }

  close(): void {
    for (const key of this.#work.keys()) this.cancel(key);
  }

  async #run(
    userId: number,
    work: Work,
    options: { signal: AbortSignal; onProgress: (bytes: number) => void },
  ): Promise<string | undefined> {
    if (work.offer && work.sink) {
      await receiveFile(this.#client, work.offer, work.sink, options);
      return URL.createObjectURL(work.sink.blob);
    }
    await sendFile(this.#client, userId, blobSource(work.file!), {
      ...options,
      // One URL may stand for several file_servers, and both sides of an online transfer must reach the same one.
      offline: true,
      resume: work.taskId,
      onTask: ({ taskId }) => {
        work.taskId = taskId;
      },
    });
    return undefined;
  }

  #failed(key: string, work: Work, isCancelled: boolean, error: unknown): void {
    const code = error instanceof ClientError ? error.code : undefined;
    if (isCancelled && (work.file || work.offer?.online)) {
      this.#drop(key);
      return;
    }
    if (isCancelled) {
      this.#change(key, { state: 'offered' });
      return;
    }
    console.warn('file not transferred:', error);
    // The task no longer exists: the next attempt creates a new one.
    if (code === 'file-refused') work.taskId = undefined;
    this.#change(key, { state: 'failed' });
  }

  /** @returns whether the offer was new */
  #add(offer: FileOffer): boolean {
    const { taskId, fromUserId, name, size } = offer;
    if (this.#work.has(taskId)) return false;
    this.#work.set(taskId, { offer, sink: new BlobSink() });
    this.#put({
      key: taskId,
      userId: fromUserId,
      isOutgoing: false,
      name: baseName(name),
      size,
      done: 0,
      state: 'offered',
    });
    const session = { user: fromUserId };
    if (!this.#state.conversations.value.has(keyOf(session))) {
      this.#state.putConversation(emptyConversation(session, Math.floor(Date.now() / 1000)));
    }
    return true;
  }

  /** Updates the progress at every percent: at every block, it would change thousands of times. */
  #progress(key: string, bytes: number): void {
    const transfer = this.#find(key);
    if (!transfer) return;
    const hundredth = (count: number) => Math.floor((100 * count) / transfer.size);
    if (hundredth(bytes) !== hundredth(transfer.done)) this.#change(key, { done: bytes });
  }

  #find(key: string): FileTransfer | undefined {
    return this.#state.files.value.find((each) => each.key === key);
  }

  #put(transfer: FileTransfer): void {
    this.#state.files.value = [...this.#state.files.value, transfer];
  }

  #change(key: string, fields: Partial<FileTransfer>): void {
    this.#state.files.value = this.#state.files.value.map((each) =>
      each.key === key ? { ...each, ...fields } : each,
    );
  }

  #drop(key: string): void {
    const { url } = this.#find(key) ?? {};
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#work.delete(key);
    this.#state.files.value = this.#state.files.value.filter((each) => each.key !== key);
  }
}

/** Removes the path that Windows clients send, and characters that would disguise the name, such as changes of direction. */
function baseName(name: string): string {
  const plain = name.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '');
  return plain.split(/[\\/]/).at(-1) || plain;
}

function save(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
