import { type Dashboard, panel, rate, stat } from './panel.js';

/** Of `teamtalk import follow`, while a company moves in. */
export const importDashboard: Dashboard = {
  id: 'import',
  title: 'TeamTalk: import',
  service: 'import',
  panels: [
    stat(
      'Lag',
      's',
      'What is in the old store for so long is here. Messages within seconds; everything else grows up to --state-every.',
      { messages: 'teamtalk_import_lag_seconds', 'everything else': 'teamtalk_import_state_lag_seconds' },
    ),
    stat(
      'Rows behind',
      'short',
      'Messages of the old store that are not here yet. It falls while the copy is caught up with, and stays near 0 then.',
      'teamtalk_import_rows_behind',
    ),
    panel(
      'Messages read',
      'ops',
      'Rows of the old tables of messages.',
      rate('teamtalk_import_messages_total'),
    ),
    panel(
      'Unexplained',
      'short',
      'What the last daily comparison (--compare-at) found. If it is not 0, `teamtalk import report` shows samples.',
      'teamtalk_import_unexplained',
    ),
    panel(
      'Passes that failed',
      'ops',
      'A side went away. It goes on when it is back.',
      rate('teamtalk_import_failures_total'),
    ),
  ],
};
