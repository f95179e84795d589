import type * as Sdk from '@teamtalk/client';

/** The environment of the scenarios: the SDK of this runtime, and how to reach a msg_server. */
export interface SuiteEnvironment {
  sdk: typeof Sdk;
  options: Sdk.ClientOptions;
  /** The base URL of msfs. */
  msfs: string;
  ids: { ann: number; ben: number };
  password: string;
  /** How many sessions a user can have at once. */
  sessions: number;
}

export type Client = Sdk.TeamTalkClient;

export async function withBoth(
  environment: SuiteEnvironment,
  work: (ann: Client, ben: Client) => Promise<void>,
): Promise<void> {
  const ann = await logIn(environment, 'ann');
  const ben = await logIn(environment, 'ben');
  try {
    await work(ann, ben);
  } finally {
    await Promise.all([ann.close(), ben.close()]);
  }
}

export async function logIn({ sdk, options, password }: SuiteEnvironment, name: string): Promise<Client> {
  const client = new sdk.TeamTalkClient(options);
  await client.login({ name, password });
  return client;
}

export function next<T>(listen: (listener: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the event did not come')), 10_000);
    listen((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Polls without a pause, since each request takes a while. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) if (performance.now() > end) throw new Error(`${what}: not so within 10 s`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new Error(`${what}: ${is?.slice(0, 300)} instead of ${shouldBe?.slice(0, 300)}`);
}
