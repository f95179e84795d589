import { ask } from '@teamtalk/administration';
import type { Overview } from '@teamtalk/observer';
import { type consoleApi, consoleWork } from '@teamtalk/rpc';
import { version } from '@teamtalk/service-kit';
import type { ApiReply } from '../api/index.js';
import type { Handlers } from './handler.js';
import { isRunning, nameOf, versionsOf } from './live.js';

type Condition = ApiReply<'getUpgradeCheck'>['conditions'][number];

export const upgrade: Handlers<'getUpgradeCheck'> = {
  async getUpgradeCheck(call) {
    const [reply, { overview }] = await Promise.all([ask(call, consoleWork.getSchema, {}), call.live.look()]);
    const schema = reply as consoleApi.console.Schema;
    return {
      version,
      schema: schema.level,
      conditions: [
        oneVersion(overview),
        sameSchema(schema),
        sameProgram(schema),
        allWorking(overview),
        replicas(overview),
      ],
    };
  },
};

/** Versions N and N+1 run together, N and N+2 do not. */
function oneVersion(overview: Overview): Condition {
  const found = versionsOf(overview);
  const isOne = new Set(found.map((each) => each.version)).size === 1 && found[0]?.version !== '';
  return {
    condition: 'one-version',
    state: isOne ? 'passed' : 'failed',
    details: isOne ? [] : found.map((each) => `${each.service} ${each.version || '?'} × ${each.instances}`),
  };
}

function sameSchema({ missing, newer }: consoleApi.console.Schema): Condition {
  const details = [...missing.map((name) => `- ${name}`), ...newer.map((name) => `+ ${name}`)];
  return { condition: 'schema', state: details.length === 0 ? 'passed' : 'failed', details };
}

/** db_proxy_servers of an older version would not survive a migration that drops what they use. */
function sameProgram({ level, programLevels }: consoleApi.console.Schema): Condition {
  const others = programLevels.filter((each) => each !== level);
  return { condition: 'programs', state: others.length === 0 ? 'passed' : 'failed', details: others };
}

function allWorking({ rows, doubt }: Overview): Condition {
  const details = rows
    .filter(({ state }) => state !== 'up' && state !== 'stopped')
    .map((row) => `${nameOf(row)}: ${[row.state, row.note].filter(Boolean).join(', ')}`);
  if (doubt) return { condition: 'working', state: 'unknown', details: [doubt] };
  return { condition: 'working', state: details.length === 0 ? 'passed' : 'failed', details };
}

/** Single instances cannot be replaced one at a time without a pause. */
function replicas({ rows }: Overview): Condition {
  const counts = new Map<string, number>();
  for (const { service } of rows.filter(isRunning)) counts.set(service, (counts.get(service) ?? 0) + 1);
  const single = [...counts].filter(([, n]) => n === 1).map(([service]) => service);
  return { condition: 'replicas', state: single.length === 0 ? 'passed' : 'advice', details: single };
}
