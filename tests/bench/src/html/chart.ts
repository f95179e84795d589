/** A line of a chart. */
export interface Series {
  name: string;
  /** NaN: no value there */
  values: readonly number[];
}

const width = 460;
const height = 170;
const margin = { left: 52, right: 10, top: 10, bottom: 34 };
const colours = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700', '#8250df', '#bf3989', '#57606a', '#0a7ea4'];

/** Lines over the given places of the x axis, as SVG. */
export function lineChart(
  series: readonly Series[],
  {
    xLabels,
    xTitle,
    yTitle,
    logarithmic = false,
  }: { xLabels: readonly string[]; xTitle: string; yTitle: string; logarithmic?: boolean },
): string {
  const all = series.flatMap(({ values }) => values).filter((value) => Number.isFinite(value));
  const positive = all.filter((value) => value > 0);
  if (positive.length === 0) return '';
  const top = Math.max(...all) * 1.05;
  const bottom = logarithmic ? Math.min(...positive) * 0.9 : 0;
  const scale = logarithmic
    ? (value: number) =>
        (Math.log(Math.max(value, bottom)) - Math.log(bottom)) / (Math.log(top) - Math.log(bottom) || 1)
    : (value: number) => value / top;
  const x = (i: number) =>
    margin.left +
    (width - margin.left - margin.right) * (xLabels.length === 1 ? 0.5 : i / (xLabels.length - 1));
  const y = (value: number) => height - margin.bottom - (height - margin.top - margin.bottom) * scale(value);
  const ticks = logarithmic
    ? [0, 1 / 3, 2 / 3, 1].map((part) => bottom * (top / bottom) ** part)
    : [0, 0.25, 0.5, 0.75, 1].map((part) => top * part);
  const grid = ticks.map(
    (tick) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick)}" y2="${y(tick)}" class="grid"/>` +
      `<text x="${margin.left - 4}" y="${y(tick) + 3}" text-anchor="end">${short(tick)}</text>`,
  );
  const every = Math.ceil(xLabels.length / 8);
  const xTicks = xLabels.flatMap((label, i) =>
    i % every === 0
      ? [`<text x="${x(i)}" y="${height - margin.bottom + 13}" text-anchor="middle">${label}</text>`]
      : [],
  );
  const lines = series.map(({ values }, s) => {
    const points = values.flatMap((value, i) =>
      Number.isFinite(value) ? [`${x(i).toFixed(1)},${y(value).toFixed(1)}`] : [],
    );
    const colour = colours[s % colours.length];
    const dots =
      points.length <= 12
        ? points
            .map(
              (point) =>
                `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="2.5" fill="${colour}"/>`,
            )
            .join('')
        : '';
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots}`;
  });
  const legend = series.map(
    ({ name }, s) => `<span style="color:${colours[s % colours.length]}">${escapeHtml(name)}</span>`,
  );
  return (
    `<figure><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${grid.join('')}${xTicks.join('')}${lines.join('')}` +
    `<text x="${(width + margin.left) / 2}" y="${height - 4}" text-anchor="middle">${escapeHtml(xTitle)}</text></svg>` +
    `<figcaption>${escapeHtml(yTitle)}: ${legend.join(' ')}</figcaption></figure>`
  );
}

/** Bars one below the other, each of coloured parts, as SVG. */
export function stackedBars(
  rows: readonly { label: string; parts: Readonly<Record<string, number>> }[],
  unit: string,
): string {
  const names = [...new Set(rows.flatMap(({ parts }) => Object.keys(parts)))].filter((name) =>
    rows.some(({ parts }) => (parts[name] ?? 0) > 0),
  );
  const sum = (parts: Readonly<Record<string, number>>) =>
    Object.values(parts).reduce((total, part) => total + part, 0);
  const most = Math.max(...rows.map(({ parts }) => sum(parts)));
  if (!(most > 0)) return '';
  const left = 70;
  const room = width - left - 60;
  const bars = rows.map(({ label, parts }, row) => {
    let at = left;
    const rects = names.map((name, i) => {
      const wide = ((parts[name] ?? 0) / most) * room;
      const rect = `<rect x="${at.toFixed(1)}" y="${row * 22 + 4}" width="${wide.toFixed(1)}" height="16" fill="${colours[i % colours.length]}"><title>${escapeHtml(name)}: ${short(parts[name] ?? 0)} ${unit}</title></rect>`;
      at += wide;
      return rect;
    });
    return `<text x="${left - 4}" y="${row * 22 + 16}" text-anchor="end">${escapeHtml(label)}</text>${rects.join('')}<text x="${at + 4}" y="${row * 22 + 16}">${short(sum(parts))}</text>`;
  });
  const legend = names.map(
    (name, i) => `<span style="color:${colours[i % colours.length]}">${escapeHtml(name)}</span>`,
  );
  const tall = rows.length * 22 + 6;
  return `<figure><svg viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}">${bars.join('')}</svg><figcaption>${escapeHtml(unit)}: ${legend.join(' ')}</figcaption></figure>`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 10_000) return `${(value / 1e3).toFixed(0)}k`;
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);
}
