import type { Dashboard } from './panel.js';

/** A metric with its optional selector, or a selector of several metrics by name. */
const metric = /\b(teamtalk_\w+|process_\w+|nodejs_\w+|up)\b(?:\{([^}]*)\})?|\{(__name__=[^}]*)\}/g;

/** Restricts a query to the namespaces chosen in Grafana, and metrics of the dashboard's service to the chosen instances. */
export function scoped(query: string, service: string | undefined): string {
  return query.replaceAll(metric, (_, name = '', selector = '', byName = '') => {
    const ofService = new RegExp(`^(teamtalk_${service}|process|nodejs)_`).test(name);
    const selectors = [
      selector || byName,
      'namespace=~"$namespace"',
      service && ofService ? 'instance=~"$instance"' : '',
    ];
    return `${name}{${selectors.filter((each) => each !== '').join(',')}}`;
  });
}

/** A dashboard's variables: the data source, the namespaces that have an installation, and the service's instances. */
export function variablesOf({ service }: Dashboard) {
  // For each service a metric that every instance always has.
  const markers: Readonly<Record<string, string>> = {
    import: 'teamtalk_import_rows_behind',
    canary: 'teamtalk_canary_users',
  };
  const marker = markers[service ?? ''] ?? `teamtalk_${service ?? 'msg_server'}_bus_connected`;
  return [
    { name: 'source', label: 'Data source', type: 'datasource' as const, query: 'prometheus' },
    choice('namespace', 'Namespace', `label_values(${marker}, namespace)`),
    ...(service
      ? [choice('instance', 'Instance', `label_values(${marker}{namespace=~"$namespace"}, instance)`)]
      : []),
  ];
}

/** A choice of one or several values of a label. The default selects everything, also series without the label. */
function choice(name: string, label: string, query: string) {
  return {
    name,
    label,
    type: 'query' as const,
    datasource: { type: 'prometheus', uid: '$source' },
    query: { query, refId: name },
    // Refreshed when the time range changes, since instances come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}
