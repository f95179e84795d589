import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alerts } from './alerts.js';
import { runbookUrl } from './rules.js';
import { alertCases } from './testing/alert-cases.js';
import { canaryAlertCases } from './testing/canary-alert-cases.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const run = promisify(execFile);
const promtool = (...words: string[]) =>
  run(process.env.PROMTOOL || 'promtool', words, { cwd: path.join(top, 'deploy/prometheus') });

const cases = [...alertCases, ...canaryAlertCases];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-alerts-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('each fires and stops when it should', async () => {
  const severities = new Map(alerts.map(({ alert, severity }) => [alert, severity]));
  const tests = cases.map(({ alert, series, quiet, rings, stops, labels, summary }) => ({
    name: alert,
    interval: '1m',
    input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
    alert_rule_test: [
      { eval_time: `${quiet}m`, alertname: alert },
      {
        eval_time: `${rings}m`,
        alertname: alert,
        exp_alerts: [
          {
            exp_labels: { ...labels, severity: severities.get(alert) },
            exp_annotations: { summary, runbook_url: runbookUrl(alert) },
          },
        ],
      },
      { eval_time: `${stops}m`, alertname: alert },
    ],
  }));
  const file = path.join(folder, 'alerts.test.yaml');
  const rules = path.join(top, 'deploy/prometheus/alerts.yaml');
  await writeFile(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }));
  const { stdout } = await promtool('test', 'rules', file).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  expect(stdout).toContain('SUCCESS');
}, 120_000);

it('each has a case here and a chapter in the guide, in the same order', async () => {
  const names = [...new Set(alerts.map(({ alert }) => alert))];
  expect([...new Set(cases.map(({ alert }) => alert))]).toEqual(names);
  const guide = await readFile(path.join(top, 'docs/guides/alerts.md'), 'utf8');
  const chapters = [...guide.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(chapters).toEqual(names);
});

it('Prometheus loads them without lint warnings', async () => {
  const { stdout } = await promtool('check', 'rules', '--lint=all', '--lint-fatal', 'alerts.yaml');
  expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
  const config = await promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml');
  expect(config.stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
});
