import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnv } from '../config.js';
import { createKit } from '../kit.js';
import { tracingConfig, tracingEnv } from './env.js';
import { isTraced, messageSpan } from './message-trace.js';
import { openTracing } from './open-tracing.js';
import type { Tracing } from './tracing.js';

const load = (env: Record<string, string>) => tracingConfig(readEnv(tracingEnv, env));

describe('the settings', () => {
  const endpoint = 'http://collector:4318/';

  it('are off without a collector', () => {
    expect(load({})).toBeUndefined();
    expect(load({ OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined();
  });

  it('have OpenTelemetry’s names and meanings', () => {
    expect(
      load({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==, x-tenant = 7',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.01',
        OTEL_SERVICE_NAME: 'chat',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=prod',
      }),
    ).toEqual({
      endpoint: 'http://collector:4318',
      headers: { authorization: 'Basic eA==', 'x-tenant': '7' },
      parentBased: true,
      ratio: 0.01,
      serviceName: 'chat',
      resource: { 'deployment.environment': 'prod' },
    });
    expect(load({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toMatchObject({ parentBased: true, ratio: 1 });
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'always_off' };
    expect(load(off)).toMatchObject({ parentBased: false, ratio: 0 });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=b' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' }, 'HEADERS'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_RESOURCE_ATTRIBUTES: '%=x' }, 'RESOURCE_ATTRIBUTES'],
    [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER'],
    [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, 'OTEL_TRACES_SAMPLER_ARG'],
  ])('refuse %o', (env, name) => {
    expect(() => load(env)).toThrow(name);
  });
});

describe('a message’s ids', () => {
  it('tell whether it is traced, and the parent of each span', () => {
    expect([isTraced(0xffffffff, 5), isTraced(0xffffffff, 4), isTraced(0, 5)]).toEqual([true, false, false]);
    const ids = (['send', 'store', 'route'] as const).map((station) => messageSpan(0x80000000, 5, station));
    expect(new Set(ids.map(({ traceId }) => traceId))).toEqual(new Set(['00000000000000008000000000000005']));
    expect(ids.map(({ spanId }) => spanId)).toEqual([
      '8000000000000005',
      '8000000100000005',
      '8000000200000005',
    ]);
  });
});

describe('tracing with a collector', () => {
  let server: Server;
  let bodies: string[];
  let kit: ReturnType<typeof createKit>;
  let answer: (() => number) | undefined;

  beforeEach(async () => {
    bodies = [];
    answer = () => 200;
    kit = createKit('some_server', { logLevel: 'silent', shutdownMs: 5_000 });
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      if (answer) response.writeHead(answer(), { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await kit.life.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = async (env: Record<string, string> = {}) => {
    const { port } = server.address() as AddressInfo;
    const config = load({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...env });
    return (await openTracing(config, kit)) as Tracing;
  };
  const spans = async (outcome: string) => {
    const { values } = await (
      kit.metrics.registry.getSingleMetric('teamtalk_some_server_trace_spans_total') as unknown as {
        get(): Promise<{ values: { labels: { outcome?: string }; value: number }[] }>;
      }
    ).get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  const record = (tracing: Tracing) =>
    tracing.record({ name: 'x', kind: 'internal', begin: performance.now(), end: performance.now() });

  it('exports and counts queued spans when it stops', async () => {
    const tracing = await open({ OTEL_SERVICE_NAME: 'chat', OTEL_RESOURCE_ATTRIBUTES: 'site=here' });
    const { traceId } = record(tracing);
    await tracing.stop();
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain(traceId);
    expect(bodies[0]).toContain('"chat"');
    expect(bodies[0]).toContain('"here"');
    expect(await spans('exported')).toBe(1);
  });

  it('bounds the queued spans, and does not wait for a hanging collector', async () => {
    answer = undefined;
    const tracing = await open();
    for (let i = 0; i < 10_000; i++) record(tracing);
    expect(await spans('dropped')).toBe(10_000 - 8_192);
    const begin = performance.now();
    await kit.life.stop();
    expect(performance.now() - begin).toBeLessThan(4_500);
  });

  it('counts spans the collector refuses', async () => {
    answer = () => 400;
    const tracing = await open();
    record(tracing);
    await tracing.stop();
    expect(await spans('failed')).toBe(1);
  });

  it('starts and continues only sampled traces', async () => {
    const tracing = await open({ OTEL_TRACES_SAMPLER: 'always_off' });
    expect(tracing.samplesMessage()).toBe(false);
    const seen = tracing.enter({ name: 'x', kind: 'server' }, () => {
      return tracing.step({ name: 'y', kind: 'client' }, () => [tracing.active, tracing.carrier()]);
    });
    expect(seen).toEqual([undefined, undefined]);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}`;
    const resume = (flags: string) =>
      tracing.resume(
        { name: 'z', kind: 'server' },
        { traceparent: traceparent + flags },
        () => tracing.active,
      );
    expect(resume('-00')).toBeUndefined();
  });

  it('async work in a span is its child; unrelated work is not', async () => {
    const tracing = await open({ OTEL_TRACES_SAMPLER: 'parentbased_always_on' });
    const [outer, inner] = await tracing.enter({ name: 'outer', kind: 'server' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const own = tracing.active;
      const other = tracing.enter({ name: 'other', kind: 'server' }, () => tracing.active);
      expect(other?.traceId).not.toBe(own?.traceId);
      return [own, tracing.step({ name: 'inner', kind: 'client' }, () => tracing.active)];
    });
    expect(inner?.traceId).toBe(outer?.traceId);
    expect(inner?.spanId).not.toBe(outer?.spanId);
    expect(tracing.active).toBeUndefined();
  });

  it('a span ends with its work and records its failure', async () => {
    const tracing = await open();
    const failing = tracing.enter({ name: 'x', kind: 'server' }, () => Promise.reject(new Error('secret')));
    await expect(failing).rejects.toThrow('secret');
    await tracing.stop();
    expect(bodies[0]).toContain('"error.type"');
    expect(bodies[0]).not.toContain('secret');
  });
});

// Its API package, which does nothing by itself, is a dependency of prom-client.
it('loads OpenTelemetry only with a collector', async () => {
  const loaded = async (env: Record<string, string>) => {
    const code = `
      import { createRequire } from 'node:module';
      import { commonConfig, commonEnv, readEnv, startService } from '@teamtalk/service-kit';
      const config = commonConfig(readEnv(commonEnv(0), process.env));
      const service = await startService('x', config, {}, async () => ({}));
      const modules = Object.keys(createRequire(process.argv[1]).cache);
      console.log(modules.filter((name) => /@opentelemetry.(?!api)/.test(name)).length);
      await service.stop();`;
    const folder = path.resolve(import.meta.dirname, '../..');
    const args = ['--input-type=module', '-e', code, path.join(folder, 'package.json')];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: folder,
      env: { ...env, LOG_LEVEL: 'silent', OPS_HOST: '127.0.0.1' },
    });
    return Number(stdout);
  };
  expect(await loaded({})).toBe(0);
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).toBeGreaterThan(10);
});
