import type { Dashboard } from './panel.js';

/** A metric with its selector, or a selector of several metrics by their names. */
const metric = /\b(teamtalk_\w+|process_\w+|nodejs_\w+|up)\b(?:\{([^}]*)\})?|\{(__name__=[^}]*)\}/g;

/** A query as it is of the namespaces that are chosen in Grafana, and of the chosen instances of the dashboard's own service. */
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

/** The variables of a dashboard: the source, the namespaces that have an installation, and a service's instances. */
export function variablesOf({ service }: Dashboard) {
  // A metric that the instances in question always have.
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

/** One or several values of a label; at first all, and those that are without it too. */
function choice(name: string, label: string, query: string) {
  return {
    name,
    label,
    type: 'query' as const,
    datasource: { type: 'prometheus', uid: '$source' },
    query: { query, refId: name },
    // With the time range: instances come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}
