import { type Dashboard, heatmap, panel, percentile, processPanels, rate } from './panel.js';

export const msfs: Dashboard = {
  id: 'msfs',
  title: 'TeamTalk: msfs',
  service: 'msfs',
  panels: [
    panel(
      'HTTP requests',
      'ops',
      'By route and status.',
      rate('teamtalk_msfs_http_requests_total', 'route, status'),
      '{{route}} {{status}}',
    ),
    heatmap(
      'Time of a request',
      'From its headers to the end of the response.',
      'teamtalk_msfs_http_request_seconds',
    ),
    panel('Image traffic', 'Bps', 'Bytes of responses and of uploads.', {
      sent: rate('teamtalk_msfs_http_sent_bytes_total'),
      received: rate('teamtalk_msfs_http_received_bytes_total'),
    }),
    panel(
      'Uploads in progress',
      'short',
      'When the maximum is reached, further uploads are refused.',
      {
        'in progress': 'sum(teamtalk_msfs_uploads_in_progress)',
        overdue: 'sum(teamtalk_msfs_uploads_overdue)',
      },
      '',
      { alerts: ['TeamTalkUploadsOverdue'] },
    ),
    panel(
      'Bytes stored and read',
      'Bps',
      'Content written to the store (put) and read from it (get).',
      rate('teamtalk_msfs_storage_bytes_total', 'operation'),
      '{{operation}}',
    ),
    panel(
      'Thumbnails that wait',
      'short',
      'Thumbnails that wait to be rendered.',
      'sum(teamtalk_msfs_thumbnails_waiting)',
    ),
    panel(
      'Storage time, 99 %',
      's',
      'By operation.',
      percentile('teamtalk_msfs_storage_seconds', 0.99, 'operation'),
      '{{operation}}',
    ),
    panel(
      'Refused',
      'ops',
      'Connections above the maximum, and requests that were not understood or came too slowly.',
      rate('teamtalk_msfs_http_refused_total', 'reason'),
      '{{reason}}',
    ),
    ...processPanels('msfs'),
  ],
};
