/** Deliveries that violate the guarantees. */
export const faults = 'teamtalk_canary_deliveries_total{outcome=~"lost|duplicated|reordered"}';

/**
 * The two objectives of the service level, each with the outcomes that violate it. They are counted separately because a
 * message has many deliveries, or none if it is not acknowledged.
 */
const promises = {
  acknowledged: { counter: 'teamtalk_canary_messages_total', broken: 'unacknowledged' },
  arrived: { counter: 'teamtalk_canary_deliveries_total', broken: 'late|lost|duplicated|reordered' },
} as const;

type Kept = keyof typeof promises;
export const kept = Object.keys(promises) as Kept[];

/**
 * The failed share of an objective's events, by namespace. A delivery interrupted by the end of a connection is no failure:
 * clients reconnect and fetch the message.
 */
export function failures(promise: Kept, time: string): string {
  const { counter, broken } = promises[promise];
  const sum = (outcome: string) => `sum by (namespace) (rate(${counter}{outcome${outcome}}[${time}]))`;
  return `${sum(`=~"${broken}"`)} / ${sum('!="interrupted"')}`;
}
