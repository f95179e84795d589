import { Latency } from '@teamtalk/load-generator';

/** What clients experienced during one step of the upgrade. */
export class Phase {
  readonly name: string;
  /** from the end of a connection to the next answered login, ms */
  readonly silence = new Latency();
  /** of that, without the client's own back-off, ms */
  readonly reconnect = new Latency();
  /** from when a message was due to its ack, ms, reconnects included */
  readonly ack = new Latency();
  acked = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Repeats, refusals and breaks, counted over all clients. */
export interface Troubles {
  /** messages repeated on the same connection, because the ack was late */
  repeated: number;
  /** messages sent again after another login, because history did not have them */
  sentAgain: number;
  /** messages whose ack did not come, found in history */
  foundInHistory: number;
  /** acks that did not come in time on an unbroken connection */
  overdue: number;
  /** login_server did not answer */
  notDirected: number;
  /** login_server had no msg_server */
  noServer: number;
  /** connections that could not be made, or ended before the login was answered */
  notLoggedIn: number;
  /** logins refused, or not answered in time */
  refused: number;
  loginsOverdue: number;
  kicked: number;
  breaks: number;
}

/** Where all clients count. */
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
