/** Deliveries that must not be. */
export const faults = 'teamtalk_canary_deliveries_total{outcome=~"lost|duplicated|reordered"}';

/**
 * The two promises of the service level, each with what breaks it. They are told apart because a message has many
 * deliveries, and none while nothing is acknowledged.
 */
const promises = {
  acknowledged: { counter: 'teamtalk_canary_messages_total', broken: 'unacknowledged' },
  arrived: { counter: 'teamtalk_canary_deliveries_total', broken: 'late|lost|duplicated|reordered' },
} as const;

type Kept = keyof typeof promises;
export const kept = Object.keys(promises) as Kept[];

/**
 * The part of them for which it is broken, in each namespace. What ended with somebody's connection is no failure: clients
 * come back and fetch it.
 */
export function failures(promise: Kept, time: string): string {
  const { counter, broken } = promises[promise];
  const sum = (outcome: string) => `sum by (namespace) (rate(${counter}{outcome${outcome}}[${time}]))`;
  return `${sum(`=~"${broken}"`)} / ${sum('!="interrupted"')}`;
}
