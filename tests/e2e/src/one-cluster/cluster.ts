import { TestCluster } from '@teamtalk/cluster';

/** Of all files in this folder. Each makes users of its own; what one stops or counts, no other one relies on. */
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
