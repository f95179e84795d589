import { thresholds } from '@teamtalk/observer';
import { jobOf } from './installation.js';
import { type Dashboard, panel, redFrom, stat } from './panel.js';

const cpu = (service: string) =>
  `rate(process_cpu_seconds_total{job=~"${jobOf(service)}"}[$__rate_interval])`;
const messages = 'sum(rate(teamtalk_db_proxy_server_messages_stored_total[$__rate_interval]))';
const cpuOfMessage = (service: string) => `sum(${cpu(service)}) / clamp_min(${messages}, 0.001)`;

/** Shows when it is time for another instance. */
export const capacity: Dashboard = {
  id: 'capacity',
  title: 'TeamTalk: capacity',
  panels: [
    stat(
      'Fullest msg_server',
      'percentunit',
      'Connections of the fullest instance, as a share of MAX_CONNECTIONS.',
      'max(teamtalk_msg_server_connections / teamtalk_msg_server_connections_limit)',
      '',
      { steps: redFrom(thresholds.connections), alerts: ['TeamTalkMsgServerNearlyFull'] },
    ),
    stat(
      'Busiest msg_server',
      'percentunit',
      'Cores the busiest instance uses.',
      `max(${cpu('msg_server')})`,
      '',
      { steps: redFrom(thresholds.cores), alerts: ['TeamTalkAutoscalerAtMaximum'] },
    ),
    stat(
      'Busiest db_proxy_server',
      'percentunit',
      'Cores the busiest instance uses.',
      `max(${cpu('db_proxy_server')})`,
      '',
      { steps: redFrom(thresholds.cores), alerts: ['TeamTalkAutoscalerAtMaximum'] },
    ),
    stat(
      'Memory a connection',
      'bytes',
      'Resident memory of all msg_servers by their connections.',
      `sum(process_resident_memory_bytes{job=~"${jobOf('msg_server')}"}) / clamp_min(sum(teamtalk_msg_server_sockets), 1)`,
    ),
    panel(
      'CPU a message',
      's',
      'CPU time of each service by the messages stored. It falls as the load grows, because more is done at once.',
      {
        msg_server: cpuOfMessage('msg_server'),
        route_server: cpuOfMessage('route_server'),
        db_proxy_server: cpuOfMessage('db_proxy_server'),
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
