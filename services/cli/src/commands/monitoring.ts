import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { prometheusRule } from '../monitoring/alerts.js';
import { dashboards, dashboardsPage, grafanaJson } from '../monitoring/dashboards.js';
import { print } from '../output.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));

/** `teamtalk monitoring` */
export function register(program: Command): void {
  program
    .command('monitoring')
    .description('Bring Grafana’s dashboards, their page and the operator’s alert rules up to date')
    .option('--write', 'write what differs')
    .option('--check', 'fail when something differs')
    .action(monitoring);
}

async function monitoring({ write, check }: { write?: boolean; check?: boolean }): Promise<void> {
  if (!write && !check) throw new Failure('say --write or --check');
  for (const [file, text] of await pages()) {
    const current = await readFile(path.join(top, file), 'utf8').catch(() => undefined);
    if (current === text) continue;
    if (!write) throw new Failure(`${file} is not up to date: run \`npx teamtalk monitoring --write\`.`);
    await writeFile(path.join(top, file), text);
  }
  print('dashboards and alert rules are up to date');
}

async function pages(): Promise<[file: string, text: string][]> {
  const alerts = await readFile(path.join(top, 'deploy/prometheus/alerts.yaml'), 'utf8');
  return [
    ...dashboards.map((each): [string, string] => [
      `deploy/grafana/dashboards/${each.id}.json`,
      grafanaJson(each),
    ]),
    ['docs/reference/dashboards.md', dashboardsPage()],
    ['k8s/components/monitoring/prometheus-rule.yaml', prometheusRule(alerts)],
  ];
}
