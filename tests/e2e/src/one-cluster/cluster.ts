import { TestCluster } from '@teamtalk/cluster';

/** Shared by all files of this folder. Each creates its own users, and none relies on what another stops or counts. */
export let cluster: TestCluster;

export async function start(): Promise<void> {
  cluster = await TestCluster.start({
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    login_server: 1,
    http_msg_server: 1,
    file_server: 2,
    envOf: { msg_server: { MESSAGE_RATE: '0' } },
  });
}
