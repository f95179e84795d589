/** The part of an upload that the next one of the same task uses. */
interface Leaving {
  /** Ends it; resolves when what it has received is stored. Never fails; idempotent. */
  leave(): Promise<void>;
}

/**
 * The uploads at this file_server, until what each has received is stored, so that a reconnecting client resumes exactly
 * where it was.
 */
export class Uploads {
  readonly #uploads = new Map<string, Leaving>();

  set(taskId: string, upload: Leaving): void {
    this.#uploads.set(taskId, upload);
  }

  delete(taskId: string, upload: Leaving): void {
    if (this.#uploads.get(taskId) === upload) this.#uploads.delete(taskId);
  }

  /** Ends the upload of this task, if there is one: its sender has reconnected. */
  async takeOver(taskId: string): Promise<void> {
    await this.#uploads.get(taskId)?.leave();
  }

  /** Ends all uploads. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.leave()));
  }
}
