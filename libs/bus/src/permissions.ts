import { type AnyTopic, type Member, members, topics } from './subjects.js';

/** Subjects, with wildcards, that a user of NATS may publish and subscribe to; everything else is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Every row of the table of subjects; `*` stands for an instance's number. */
export function allTopics(): AnyTopic[] {
  return Object.entries(topics).flatMap(([name, topic]): AnyTopic[] => {
    if (typeof topic !== 'function') return [topic];
    if (name === 'heartbeat') return services().map((service) => topics.heartbeat(service));
    const row = (topic as (instance: number) => AnyTopic)(0);
    return [{ ...row, subject: row.subject.replace(/\.0{8}$/, '.*') }];
  });
}

/**
 * What a member needs: nothing but the subjects that the table names it for, its own inbox, and the inboxes of those whose
 * requests it answers, for these requests only.
 * @param prefix first token of every subject; `*` for a server that installations with many prefixes share
 */
export function permissionsOf(member: Member, prefix: string): Permissions {
  const all = allTopics();
  const sent = all.filter(({ publishers }) => publishers.includes(member));
  const received = all.filter(({ subscribers }) => subscribers.includes(member));
  const answered = received.filter(({ answer }) => answer !== undefined);
  const asks = sent.some(({ answer }) => answer !== undefined);
  return {
    publish: [
      ...sent.map(({ subject }) => `${prefix}.${subject}`),
      ...answered.map(({ subject }) => `${inboxOf(prefix, '*', subject)}.>`),
    ].sort(),
    subscribe: [
      ...received.map(({ subject }) => `${prefix}.${subject}`),
      ...(asks ? [`_INBOX.${prefix}.${member}.>`] : []),
    ].sort(),
  };
}

/**
 * Where a member gets the answers to one kind of request. Whoever answers another kind may not publish there, so that
 * nobody can answer in another's place.
 */
export function inboxOf(prefix: string, member: string, subject: string): string {
  return `_INBOX.${prefix}.${member}.${kindOf(subject)}`;
}

/** A subject without an instance's number. */
export function kindOf(subject: string): string {
  return subject.replace(/\.(?:[0-9a-f]{8}|\*)$/, '');
}

function services(): Member[] {
  return members.filter((member) => member !== 'operator');
}

/**
 * The `authorization` block of a NATS server's configuration: a user for each member, with its permissions.
 * @param passwordOf a member's password as it stands in the file: quoted, or a variable
 * @param more further users, such as the one that all services shared before
 */
export function natsAuthorization(
  prefix: string,
  passwordOf: (member: Member) => string,
  more: readonly string[] = [],
): string {
  const users = members.map((member) => {
    const { publish, subscribe } = permissionsOf(member, prefix);
    return [
      `    {`,
      `      user: ${member}, password: ${passwordOf(member)}`,
      `      permissions: {`,
      `        publish: { allow: [${lines(publish)}] }`,
      `        subscribe: { allow: [${lines(subscribe)}] }`,
      `      }`,
      `    }`,
    ].join('\n');
  });
  const others = more.map((user) => `    ${user}`);
  return ['authorization {', '  users: [', ...users, ...others, '  ]', '}'].join('\n');
}

function lines(subjects: readonly string[]): string {
  return subjects.length === 0
    ? ''
    : `\n${subjects.map((each) => `          ${JSON.stringify(each)}`).join('\n')}\n        `;
}
