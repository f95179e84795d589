import { type Bus, HeartbeatPublisher } from '@teamtalk/bus';
import { files, RpcServer, teamtalk } from '@teamtalk/rpc';
import { createKit, type Kit } from '@teamtalk/service-kit';

type Task = Required<Omit<teamtalk.db.FileTask, '$unknowns'>>;

const { FILE_TASK_OK, FILE_TASK_UNKNOWN, FILE_TASK_TOO_MANY } = teamtalk.db.FileTaskResult;

/** A db_proxy_server that keeps file tasks in memory, for any number of file_servers. */
export class FakeDbProxy {
  readonly kit: Kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 5_000 });
  readonly tasks = new Map<string, teamtalk.db.FileTask.$Properties>();
  /** Ended tasks whose blobs may still exist. */
  readonly ended = new Set<string>();
  readonly created: teamtalk.db.CreateFileTaskRequest[] = [];
  readonly extended: string[] = [];
  /** When set, the end of a task is stored only after it resolves. */
  held: Promise<void> | undefined;
  /** Uploads whose senders have requested the announcement. */
  readonly asked = new Set<string>();
  /** Uploads that were announced. */
  readonly announced: string[] = [];
  /** When set, no more tasks are created. */
  full = false;
  /** Sum of all stored bytes at which parts are refused. */
  maxStored = Number.POSITIVE_INFINITY;

  static async start(bus: Bus): Promise<FakeDbProxy> {
    const proxy = new FakeDbProxy();
    const port = await proxy.#serve();
    const self = { instance: proxy.kit.instance, service: 'db_proxy_server', hostname: 'test' };
    const heartbeats = new HeartbeatPublisher(bus, self, () => ({ rpcAddress: `127.0.0.1:${port}` }));
    proxy.kit.life.onStop('announcements', () => heartbeats.stop());
    return proxy;
  }

  stop(): Promise<void> {
    return this.kit.life.stop();
  }

  #alive(id: string): teamtalk.db.FileTask.$Properties | undefined {
    return this.ended.has(id) ? undefined : this.tasks.get(id);
  }

  #serve(): Promise<number> {
    const server = new RpcServer(this.kit);
    server.unary(files.createFileTask, async (request) => {
      this.created.push(request);
      if (this.full) return { result: FILE_TASK_TOO_MANY };
      const { taskId, fromUserId, toUserId, fileName, fileSize, offline } = request;
      const task = { taskId, fromUserId, toUserId, fileName, fileSize, offline, stored: 0, parts: [] };
      this.tasks.set(taskId, task);
      return { result: FILE_TASK_OK, task };
    });
    server.unary(files.getFileTask, async ({ taskId }) => {
      const task = this.#alive(taskId);
      return task ? { result: FILE_TASK_OK, task } : { result: FILE_TASK_UNKNOWN };
    });
    server.unary(files.addFilePart, async ({ taskId, part }) => {
      const task = this.#alive(taskId) as Task | undefined;
      if (!task || !part || task.stored !== part.start || task.complete) return { done: false };
      const stored = [...this.tasks.values()].reduce((sum, each) => sum + (each.stored ?? 0), 0);
      if (stored + (part.size ?? 0) > this.maxStored) return { done: false, full: true };
      task.stored += part.size ?? 0;
      task.parts.push(new teamtalk.db.FilePart(part));
      return { done: true };
    });
    server.unary(files.cutFileParts, async ({ taskId, start }) => {
      const task = this.#alive(taskId) as Task | undefined;
      if (!task) return { done: false };
      task.parts = task.parts.filter((part) => (part.start ?? 0) < start);
      task.stored = start;
      return { done: true };
    });
    server.unary(files.completeFileTask, async ({ taskId, sha256 }) => {
      const task = this.#alive(taskId) as Task | undefined;
      if (!task || task.stored !== task.fileSize) return { done: false };
      Object.assign(task, { complete: true, sha256 });
      return { done: true };
    });
    server.unary(files.claimFileAnnouncements, async () => {
      const due = [...this.asked].filter((id) => this.#alive(id)?.complete);
      for (const id of due) this.asked.delete(id);
      return { files: due.map((id) => this.#alive(id)!) };
    });
    server.unary(files.confirmFileAnnouncements, async ({ taskIds }) => {
      this.announced.push(...taskIds);
      return { done: true };
    });
    server.unary(files.extendFileTask, async ({ taskId, lifetimeMs }) => {
      if (lifetimeMs === 0) await this.held;
      if (lifetimeMs === 0) this.ended.add(taskId);
      else this.extended.push(taskId);
      return { done: true };
    });
    server.unary(files.listExpiredFileTasks, async () => ({ taskIds: [...this.ended] }));
    server.unary(files.removeFileTasks, async ({ taskIds }) => {
      for (const id of taskIds) {
        this.ended.delete(id);
        this.tasks.delete(id);
      }
      return { done: true };
    });
    return server.listen({ host: '127.0.0.1', port: 0 });
  }
}
