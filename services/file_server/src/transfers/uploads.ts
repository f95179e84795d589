/** Part of an upload that matters to the next one of the same task. */
interface Leaving {
  /** Ends it; resolves when what has come by it is stored. Never fails, and may be called again. */
  leave(): Promise<void>;
}

/**
 * The uploads at this file_server, until what has come by each is stored. Whoever comes back for one goes on
 * exactly where he was.
 */
export class Uploads {
  readonly #uploads = new Map<string, Leaving>();

  set(taskId: string, upload: Leaving): void {
    this.#uploads.set(taskId, upload);
  }

  delete(taskId: string, upload: Leaving): void {
    if (this.#uploads.get(taskId) === upload) this.#uploads.delete(taskId);
  }

  /** Ends the upload of this task, if there is one: its sender has come back. */
  async takeOver(taskId: string): Promise<void> {
    await this.#uploads.get(taskId)?.leave();
  }

  /** Ends all of them. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.leave()));
  }
}
