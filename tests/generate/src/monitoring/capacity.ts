import { type Dashboard, panel } from './panel.js';

const cpu = (service: string) => `sum(rate(teamtalk_${service}_process_cpu_seconds_total[$__rate_interval]))`;
const messages = 'sum(rate(teamtalk_db_proxy_server_messages_stored_total[$__rate_interval]))';

/** Shows when it is time for another instance. */
export const capacity: Dashboard = {
  id: 'capacity',
  title: 'TeamTalk: capacity',
  panels: [
    panel(
      'Busiest msg_server',
      'percentunit',
      'Cores the busiest instance uses. Above 0.7, add one.',
      'max(rate(teamtalk_msg_server_process_cpu_seconds_total[$__rate_interval]))',
    ),
    panel(
      'Fullest msg_server',
      'short',
      'Connections of the fullest instance; MAX_CONNECTIONS is the end.',
      'max(teamtalk_msg_server_connections)',
    ),
    panel(
      'Memory a connection',
      'bytes',
      'Resident memory of all msg_servers by their connections.',
      'sum(teamtalk_msg_server_process_resident_memory_bytes) / clamp_min(sum(teamtalk_msg_server_sockets), 1)',
    ),
    panel(
      'Busiest db_proxy_server',
      'percentunit',
      'Cores the busiest instance uses.',
      'max(rate(teamtalk_db_proxy_server_process_cpu_seconds_total[$__rate_interval]))',
    ),
    panel(
      'CPU a message',
      's',
      'CPU time of each service by the messages stored. It falls as the load grows, because more is done at once.',
      {
        msg_server: `${cpu('msg_server')} / clamp_min(${messages}, 0.001)`,
        route_server: `${cpu('route_server')} / clamp_min(${messages}, 0.001)`,
        db_proxy_server: `${cpu('db_proxy_server')} / clamp_min(${messages}, 0.001)`,
      },
    ),
    panel(
      'Deliveries a message',
      'short',
      'How many connections a message is written to, on average: grows with groups and devices.',
      `sum(rate(teamtalk_msg_server_messages_delivered_total[$__rate_interval])) / clamp_min(${messages}, 0.001)`,
    ),
  ],
};
