import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alerts } from './alerts.js';
import { dashboards, grafanaJson } from './dashboards.js';
import { scoped } from './scope.js';

interface Model {
  uid: string;
  templating: { list: { name: string }[] };
  links: { title: string; url?: string }[];
  panels: {
    id: number;
    type: string;
    links: { url: string }[];
    gridPos: { x: number; y: number; w: number; h: number };
  }[];
}

const models = dashboards.map((dashboard) => JSON.parse(grafanaJson(dashboard)) as Model);

describe('a query', () => {
  it('restricts queries to the chosen namespaces, and those of the dashboard’s own service to the chosen instances', () => {
    expect(scoped('max(teamtalk_msfs_uploads{a="b"}) / up', 'msfs')).toBe(
      'max(teamtalk_msfs_uploads{a="b",namespace=~"$namespace",instance=~"$instance"}) / up{namespace=~"$namespace"}',
    );
    expect(scoped('teamtalk_http_msg_server_apps', 'msg_server')).toBe(
      'teamtalk_http_msg_server_apps{namespace=~"$namespace"}',
    );
    expect(scoped('rate(process_cpu_seconds_total{job=~"x"}[1m])', undefined)).toBe(
      'rate(process_cpu_seconds_total{job=~"x",namespace=~"$namespace"}[1m])',
    );
    expect(scoped('count({__name__=~"teamtalk_(a|b)_bus_connected"} == 0)', undefined)).toBe(
      'count({__name__=~"teamtalk_(a|b)_bus_connected",namespace=~"$namespace"} == 0)',
    );
  });
});

describe('dashboards', () => {
  it('have a variable for everything that their queries select by', () => {
    for (const [k, { panels }] of dashboards.entries()) {
      const names = models[k]?.templating.list.map(({ name }) => `$${name}`) ?? [];
      for (const { query } of panels.flatMap(({ targets }) => targets)) {
        const used = query.match(/\$(?!__)\w+/g) ?? [];
        expect(used, query).toContain('$namespace');
        expect(names, query).toEqual(expect.arrayContaining(used));
      }
    }
  });

  it('place panels on the grid without overlaps', () => {
    for (const { uid, panels } of models) {
      const taken = new Set<string>();
      for (const { gridPos } of panels) {
        expect(gridPos.x + gridPos.w, uid).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`), `${uid}: ${x} ${y}`).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
      }
    }
  });

  it('link panels that show an alert’s subject to the alert’s chapter', () => {
    const known = new Set(alerts.map(({ alert }) => alert));
    const named = dashboards.flatMap(({ panels }) => panels.flatMap((panel) => panel.alerts ?? []));
    for (const alert of named) expect(known).toContain(alert);
    const urls = models.flatMap(({ panels }) => panels.flatMap(({ links }) => links.map(({ url }) => url)));
    expect(urls).toHaveLength(named.length);
    expect(urls).toContainEqual(expect.stringMatching(/\/alerts\.md#teamtalkoutboxstuck$/));
  });

  it('link to each other, to what to do, and to traces', () => {
    for (const { uid, links } of models)
      expect(
        links.map(({ title, url = '' }) => [title, path.posix.basename(url)]),
        uid,
      ).toEqual([
        ['TeamTalk', ''],
        ['What to do', 'alerts.md'],
        ['Traces', 'tracing.md'],
      ]);
  });

  it('use stat, table and heatmap panels, and unique uids', () => {
    const kinds = new Set(models.flatMap(({ panels }) => panels.map(({ type }) => type)));
    expect([...kinds].sort()).toEqual(['heatmap', 'stat', 'table', 'timeseries']);
    expect(new Set(models.map(({ uid }) => uid)).size).toBe(models.length);
    for (const { uid } of models) expect(uid.length).toBeLessThanOrEqual(40);
  });
});
