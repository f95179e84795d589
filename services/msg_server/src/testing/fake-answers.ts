import { accounts, files, groups, type Method, messages, type RpcServer } from '@teamtalk/rpc';

const rpcs = {
  listDepartments: accounts.listDepartments,
  changeAvatar: accounts.changeAvatar,
  changeSignature: accounts.changeSignature,
  setDeviceToken: accounts.setDeviceToken,
  setPushSubscription: accounts.setPushSubscription,
  forgetPushDevices: accounts.forgetPushDevices,
  setPushShield: accounts.setPushShield,
  getPushShield: accounts.getPushShield,
  removeSession: messages.removeSession,
  listGroups: groups.listGroups,
  getGroups: groups.getGroups,
  createGroup: groups.createGroup,
  changeMembers: groups.changeMembers,
  shieldGroup: groups.shieldGroup,
  addOfflineFile: files.addOfflineFile,
  confirmFileAnnouncements: files.confirmFileAnnouncements,
  listOfflineFiles: files.listOfflineFiles,
  deleteOfflineFile: files.deleteOfflineFile,
};

type Rpcs = typeof rpcs;
export type RpcName = keyof Rpcs;
type RequestOf<N extends RpcName> = NonNullable<Rpcs[N]['types']>[1];
type ReplyOf<N extends RpcName> = NonNullable<Rpcs[N]['types']>[2];
type Replies = { [N in RpcName]?: ReplyOf<N> | ((request: RequestOf<N>) => Promise<ReplyOf<N>>) };

/** Serves the unary RPCs with replies set by a test. */
export class FakeAnswers {
  /** Reply per method; default: `{ done: true }`. */
  readonly replies: Replies = {};
  readonly #asked: { rpc: RpcName; request: object }[] = [];

  serve(server: RpcServer): void {
    for (const name of Object.keys(rpcs) as RpcName[]) this.#serve(server, name);
  }

  /** The requests of one method, in order of arrival. */
  asked<N extends RpcName>(name: N): RequestOf<N>[] {
    return this.#asked.flatMap(({ rpc, request }) => (rpc === name ? [request as RequestOf<N>] : []));
  }

  #serve<N extends RpcName>(server: RpcServer, name: N): void {
    const method = rpcs[name] as unknown as Method<object, RequestOf<N>, ReplyOf<N>, object>;
    server.unary(method, async (request) => {
      this.#asked.push({ rpc: name, request });
      const reply = this.replies[name];
      if (typeof reply === 'function') return reply(request);
      return reply ?? ({ done: true } as ReplyOf<N>);
    });
  }
}
