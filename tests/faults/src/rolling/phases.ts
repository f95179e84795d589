import { Latency } from '@teamtalk/load-generator';

/** What clients felt while one thing was done. */
export class Phase {
  readonly name: string;
  /** from the end of a connection to the next answered login, ms */
  readonly silence = new Latency();
  /** of it what is not the client's own waiting, ms */
  readonly reconnect = new Latency();
  /** from when a message was to be sent to its ack, ms, whatever was between */
  readonly ack = new Latency();
  acked = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** What clients had to do again, or were refused. */
export interface Troubles {
  /** sent again on the same connection, for want of an ack in time */
  repeated: number;
  /** sent again after another login, because history did not have it */
  sentAgain: number;
  /** whose ack did not come, but found in history */
  foundInHistory: number;
  /** waits for an ack that became too long, without a break of the connection */
  overdue: number;
  /** login_server did not answer */
  notDirected: number;
  /** it had no msg_server */
  noServer: number;
  /** connections that could not be made, or ended before the login was answered */
  notLoggedIn: number;
  /** logins refused, or not answered in time */
  refused: number;
  loginsOverdue: number;
  kicked: number;
  breaks: number;
}

/** What all clients report to. */
export class Observations {
  readonly phases: Phase[] = [];
  readonly troubles: Troubles = {
    repeated: 0,
    sentAgain: 0,
    foundInHistory: 0,
    overdue: 0,
    notDirected: 0,
    noServer: 0,
    notLoggedIn: 0,
    refused: 0,
    loginsOverdue: 0,
    kicked: 0,
    breaks: 0,
  };

  constructor() {
    this.begin('start');
  }

  get current(): Phase {
    return this.phases.at(-1)!;
  }

  begin(name: string): void {
    this.phases.push(new Phase(name));
  }
}
