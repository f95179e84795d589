/** All times in the simulator are microseconds. */
interface Event {
  at: number;
  /** breaks ties: events of the same time run in the order in which they were scheduled */
  order: number;
  run: () => void;
}

/** A clock that jumps from event to event in order of time. */
export class Simulation {
  now = 0;
  #order = 0;
  /** a binary heap: no event is later than its children */
  readonly #events: Event[] = [];

  /** @param delay at least 0 */
  after(delay: number, run: () => void): void {
    const event = { at: this.now + delay, order: this.#order++, run };
    const events = this.#events;
    let k = events.push(event) - 1;
    while (k > 0) {
      const parent = (k - 1) >> 1;
      if (!isBefore(event, events[parent]!)) break;
      events[k] = events[parent]!;
      k = parent;
    }
    events[k] = event;
  }

  /** Runs the events up to and including this time; later ones remain scheduled. */
  run(until: number): void {
    while (this.#events.length > 0 && this.#events[0]!.at <= until) {
      const event = this.#take();
      this.now = event.at;
      event.run();
    }
    this.now = until;
  }

  #take(): Event {
    const events = this.#events;
    const first = events[0]!;
    const last = events.pop()!;
    if (events.length === 0) return first;
    let k = 0;
    for (;;) {
      let child = 2 * k + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++;
      if (!isBefore(events[child]!, last)) break;
      events[k] = events[child]!;
      k = child;
    }
    events[k] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
