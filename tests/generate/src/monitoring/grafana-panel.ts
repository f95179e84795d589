import type * as grafana from '@grafana/grafana-foundation-sdk/dashboard';
import type { Options as HeatmapOptions } from '@grafana/grafana-foundation-sdk/heatmap';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type { Options as TableOptions } from '@grafana/grafana-foundation-sdk/table';
import type { Options as TimeseriesOptions } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Panel, Target } from './panel.js';
import { runbookUrl } from './rules.js';

/** A type of Grafana's schema whose enums are replaced by their values. */
export type Plain<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T as Key extends `_implements${string}` ? never : Key]: Plain<T[Key]> }
      : T;

/** Width of Grafana's grid. */
const columns = 24;
const sizes: Readonly<Record<Panel['kind'], { w: number; h: number }>> = {
  stat: { w: 6, h: 4 },
  timeseries: { w: 12, h: 8 },
  heatmap: { w: 12, h: 8 },
  table: { w: 24, h: 8 },
};

/** Lays the panels out row by row. */
export function placed(panels: readonly Panel[]): { panel: Panel; gridPos: grafana.GridPos }[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel) => {
    const { w, h } = sizes[panel.kind];
    if (x + w > columns) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w, h };
    x += w;
    rowHeight = Math.max(rowHeight, h);
    return { panel, gridPos };
  });
}

/** The JSON of a panel, without id and position. */
export function grafanaPanel(panel: Panel) {
  const { kind, title, meaning, alerts = [] } = panel;
  return {
    type: kind,
    title,
    description: meaning,
    datasource: source,
    links: alerts.map(runbookLink),
    fieldConfig: fieldConfigOf(panel),
    options: options[kind],
    ...(kind === 'table' && { transformations: oneRowForEachLabel(panel.targets) }),
    targets: panel.targets.map((target, n) => grafanaTarget(target, refId(n), kind)),
  } satisfies Plain<grafana.Panel>;
}

const source = { type: 'prometheus', uid: '$source' };

const refId = (n: number) => String.fromCharCode('A'.charCodeAt(0) + n);

function grafanaTarget({ query, legend }: Target, id: string, kind: Panel['kind']) {
  return {
    refId: id,
    datasource: source,
    expr: query,
    legendFormat: legend,
    ...(kind === 'table' && { format: 'table' as const, instant: true }),
    ...(kind === 'heatmap' && { format: 'heatmap' as const }),
  } satisfies Plain<Dataquery>;
}

function runbookLink(alert: string) {
  return {
    title: `${alert}: what to do`,
    type: 'link' as const,
    url: runbookUrl(alert),
    icon: '',
    tooltip: '',
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  } satisfies Plain<grafana.DashboardLink>;
}

function fieldConfigOf({ kind, unit, steps, targets }: Panel) {
  return {
    defaults: {
      unit,
      min: 0,
      ...(steps && {
        thresholds: { mode: 'absolute' as const, steps: steps.map(([value, color]) => ({ value, color })) },
      }),
      ...(steps && kind === 'stat' && { color: { mode: 'thresholds' as const } }),
      // Draws the threshold as a line; the curves keep their own colours.
      ...(steps && kind === 'timeseries' && { custom: { thresholdsStyle: { mode: 'dashed' } } }),
    },
    overrides:
      kind === 'table'
        ? targets.map((target) => ({
            matcher: { id: 'byName', options: target.legend },
            properties: [{ id: 'unit', value: target.unit ?? unit }],
          }))
        : [],
  } satisfies Plain<grafana.FieldConfigSource>;
}

/** Joins the results of the queries by their labels, and names the columns. */
function oneRowForEachLabel(targets: readonly Target[]) {
  const named = targets.map(({ legend }, n) => [targets.length > 1 ? `Value #${refId(n)}` : 'Value', legend]);
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, renameByName: Object.fromEntries(named) } },
  ];
}

const options = {
  timeseries: {
    legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  } satisfies Plain<TimeseriesOptions>,
  stat: {
    graphMode: 'area',
    colorMode: 'value',
    justifyMode: 'auto',
    textMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: 'standard',
    orientation: 'auto',
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  } satisfies Plain<StatOptions>,
  table: { frameIndex: 0, showHeader: true, cellHeight: 'sm' } satisfies Plain<TableOptions>,
  heatmap: {
    calculate: false,
    color: {
      mode: 'scheme',
      scheme: 'Oranges',
      fill: 'dark-orange',
      scale: 'exponential',
      exponent: 0.5,
      steps: 64,
      reverse: false,
    },
    // Leaves empty cells blank.
    filterValues: { le: 1e-9 },
    rowsFrame: { layout: 'auto' },
    showValue: 'never',
    cellGap: 1,
    yAxis: { unit: 's', axisPlacement: 'left', reverse: false },
    legend: { show: true },
    tooltip: { mode: 'single', yHistogram: false, showColorScale: false },
    exemplars: { color: 'rgba(255,0,255,0.7)' },
  } satisfies Plain<HeatmapOptions>,
};
