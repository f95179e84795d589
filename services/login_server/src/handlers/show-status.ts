import type { Context } from '../context.js';
import type { HttpHandler } from '../listeners/http-routes.js';

/** `GET /status` (client-behaviour.md#the-answer-of-login_server): users online by msg_server. A user on two msg_servers counts twice. */
export function showStatus({ directory }: Context): HttpHandler {
  return () => {
    const servers = directory.all();
    return Buffer.from(
      JSON.stringify({
        all_online_count: servers.reduce((sum, { onlineUsers }) => sum + onlineUsers, 0),
        msg_servers: servers.map(({ port, ip1, ip2, hostname, onlineUsers }) => ({
          port,
          ip_addr1: ip1,
          ip_addr2: ip2 || ip1,
          hostname,
          online_count: onlineUsers,
        })),
      }),
    );
  };
}
