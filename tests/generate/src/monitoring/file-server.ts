import { type Dashboard, lastHour, panel, percentile, processPanels, rate, redFrom, stat } from './panel.js';

export const fileServer: Dashboard = {
  id: 'file_server',
  title: 'TeamTalk: file_server',
  service: 'file_server',
  panels: [
    panel(
      'Connections',
      'short',
      'Open connections of each instance.',
      'teamtalk_file_server_connections',
      '{{instance}}',
    ),
    panel(
      'Online transfers',
      'short',
      'Transfers with a connected client.',
      'sum(teamtalk_file_server_relays)',
    ),
    panel(
      'Bytes of files',
      'Bps',
      'File contents transferred.',
      rate('teamtalk_file_server_transferred_bytes_total'),
    ),
    panel('Transfers that ended', 'ops', 'By how.', rate('teamtalk_file_server_transfers_finished_total')),
    panel('PDUs', 'ops', 'PDUs from clients, and those that were not understood.', {
      received: rate('teamtalk_file_server_pdus_received_total'),
      'not understood': rate('teamtalk_file_server_bad_pdus_total'),
    }),
    panel(
      'Logins',
      'ops',
      'By how they ended.',
      rate('teamtalk_file_server_logins_total', 'result'),
      '{{result}}',
    ),
    stat(
      'Damaged parts',
      'short',
      'Stored parts found missing or altered in the last hour. Anything but 0 is the storage’s fault.',
      lastHour('teamtalk_file_server_parts_damaged_total'),
      '',
      { steps: redFrom(1), alerts: ['TeamTalkDamagedFiles'] },
    ),
    panel(
      'Storage time, 99 %',
      's',
      'By operation.',
      percentile('teamtalk_file_server_storage_seconds', 0.99, 'operation'),
      '{{operation}}',
    ),
    ...processPanels('file_server'),
  ],
};
