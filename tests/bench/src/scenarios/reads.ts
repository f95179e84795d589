import { figureTarget, latencyTarget, rateTarget, type Scenario } from '../scenario.js';
import { storeMessages } from '../stored-messages.js';

const longConversation = 1_000_000;
const sessions = 500;
const directoryUsers = 10_000;

const history: Scenario = {
  name: 'history',
  title: 'pages of 50 from anywhere in a conversation of 1,000,000 messages, 100/s',
  targets: [rateTarget('answers', 100), latencyTarget('answer', 'p99', 20)],
  run: async ({ cluster, load, quick, say }) => {
    const total = quick ? 20_000 : longConversation;
    await storeMessages(cluster, { prefix: 'h', pairs: 1, total, say });
    const peer = await cluster.idOf('h2');
    return load('read', {
      what: 'history',
      prefix: 'h',
      users: 1,
      peer,
      newest: total,
      rate: 100,
      seconds: quick ? 3 : 20,
    });
  },
};

const unread: Scenario = {
  name: 'unread',
  title: 'unread counts of a user with 500 sessions, 100/s',
  targets: [rateTarget('answers', 100), latencyTarget('answer', 'p99', 20)],
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('s', sessions + 1);
    await cluster.sql(writeToFirst);
    return load('read', { what: 'unread', prefix: 's', users: 1, rate: 100, seconds: quick ? 3 : 20 });
  },
};

/** One unread message to s1 from each of the other users. */
const writeToFirst = `
  WITH pair AS (
    SELECT least(a.id, b.id)::int8 << 32 | greatest(a.id, b.id) AS conv, b.id AS sender, (b.id < a.id)::int4 AS from_low
    FROM im_user a, im_user b
    WHERE a.name = 's1' AND b.name ~ '^s[0-9]+$' AND b.id <> a.id
  ), moved AS (
    INSERT INTO conversation (conv, last_id, last_at, low_sent) SELECT conv, 1, now(), from_low FROM pair
      ON CONFLICT DO NOTHING
      RETURNING conv
  )
  INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
    SELECT conv, 1, sender, 1, 0, now(), 1, convert_to('hello', 'UTF8') FROM pair JOIN moved USING (conv)`;

const users: Scenario = {
  name: 'users',
  title: 'all of 10,000 users (0x0209), 100/s',
  targets: [rateTarget('answers', 100), latencyTarget('answer', 'p99', 20)],
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('u', quick ? 500 : directoryUsers);
    // Hides the users of other scenarios, so that the list has the stated length.
    await cluster.sql(
      `UPDATE im_user SET status = CASE WHEN name ~ '^u[0-9]+$' AND substr(name, 2)::int <= $1::int4 THEN 0 ELSE 3 END
       WHERE status <> CASE WHEN name ~ '^u[0-9]+$' AND substr(name, 2)::int <= $1::int4 THEN 0 ELSE 3 END`,
      [directoryUsers],
    );
    try {
      return await load('read', {
        what: 'users',
        users: 20,
        rate: quick ? 10 : 100,
        seconds: quick ? 3 : 20,
      });
    } finally {
      await cluster.sql('UPDATE im_user SET status = 0 WHERE status = 3');
    }
  },
};

const directory: Scenario = {
  name: 'directory',
  title: 'GET /msg_server over 64 keep-alive connections',
  targets: [rateTarget('answers', 10_000)],
  run: async ({ cluster, load, quick }) => {
    const server = cluster.address('login_server', 'http');
    return load('directory', { server, users: 64, seconds: quick ? 2 : 15 });
  },
};

const directoryOnce: Scenario = {
  name: 'directory-once',
  title: 'GET /msg_server, a new connection for each request, as clients do',
  run: async ({ cluster, load, quick }) => {
    const server = cluster.address('login_server', 'http');
    // A higher rate would use up this machine's ports: each stays in use for a minute.
    return load('directory', {
      server,
      users: 64,
      'no-keep-alive': true,
      rate: 1_000,
      seconds: quick ? 2 : 10,
    });
  },
};

const push: Scenario = {
  name: 'push',
  title: '3,000 /query/SendP2PMessage a second to 1,000 users who are logged in',
  targets: [rateTarget('accepted', 3_000), latencyTarget('answer', 'p99', 100)],
  baseline: 'rows',
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('u', 1_000);
    const http = cluster.address('http_msg_server', 'http');
    return load('push', {
      http,
      users: quick ? 100 : 1_000,
      rate: quick ? 300 : 3_000,
      seconds: quick ? 3 : 20,
    });
  },
};

const broadcast: Scenario = {
  name: 'broadcast',
  title: 'one broadcast to 10,000 users who are logged in',
  targets: [
    figureTarget('acceptedMs', 'ms', { atMost: 1_000 }),
    { what: 'delivered to all after', unit: 's', measure: ({ seconds }) => seconds, atMost: 3 },
    figureTarget('errorCode', '', { atMost: 0 }),
  ],
  baseline: 'rows',
  run: async ({ cluster, load, quick }) => {
    const count = quick ? 500 : directoryUsers;
    await cluster.haveUsers('u', count + 1);
    const http = cluster.address('http_msg_server', 'http');
    return load('broadcast', { http, users: count + 1, concurrency: 200, drain: 30 });
  },
};

export const readScenarios: readonly Scenario[] = [
  directory,
  directoryOnce,
  push,
  broadcast,
  history,
  unread,
  users,
];
