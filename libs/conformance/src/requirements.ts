/** One thing a TeamTalk server must do that is more than the plain meaning of a command. */
export interface Requirement {
  readonly text: string;
  /**
   * The test file that covers it where a black-box case cannot, because it kills a server or needs settings of its own.
   */
  readonly shownBy?: string;
}

/**
 * What the original servers did wrong (`fix-`, and `defect-` where it deserved a regression test), and what
 * the old clients need and break on (`client-`).
 */
const requirements = {
  'fix-frame-length': { text: 'a frame length out of bounds ends that connection, and no other' },
  'fix-before-login': { text: 'before the login only login and heartbeat are served; the rest ends it' },
  'fix-sender-p2p': { text: '0x0601 is sent in the name of the logged-in user only' },
  'fix-sender-delete-offline': { text: '0x050c removes only the logged-in user’s own files from the list' },
  'fix-find-server-tcp': { text: '0x0101 to login_server is answered by 0x0102' },
  'fix-failures-shared': { text: 'failed logins of a name count over all servers' },
  'fix-device-token-answer': { text: '0x0109 has its user_id' },
  'fix-dropped-message': { text: 'a message that is empty or to oneself is dropped without a PDU' },
  'fix-rate': { text: 'messages above the rate are taken later instead of dropped' },
  'fix-unknown-receiver': {
    text: 'a message to an unknown user is not acknowledged and creates no conversation',
  },
  'fix-read-up-to': { text: 'a read ack clears up to its msg_id' },
  'fix-latest-id-visibility': { text: 'a group’s latest msg_id is for its members only' },
  'fix-avatar-answer': { text: '0x020c is answered' },
  'fix-group-info-members': { text: 'only its members can list a group’s members' },
  'fix-group-creator': { text: 'the creator of a group is a member, whether listed or not' },
  'fix-group-outsider-adds': { text: 'non-members cannot add members to a group' },
  'fix-group-leave': { text: 'a member may leave a temporary group' },
  'fix-file-size': { text: 'an upload of another size than announced is refused' },
  'fix-file-any-server': { text: 'an offline file can be fetched from every file_server that is listed' },
  'fix-file-others': {
    text: 'a file task is open to its sender and its receiver only, each in the right role',
  },
  'fix-file-resume': { text: 'a broken upload continues after what is stored' },
  'fix-file-restart': {
    text: 'offline files survive a restart of file_server',
    shownBy: 'tests/e2e/src/files.full.test.ts',
  },
  'fix-file-expiry': {
    text: 'expired files are removed',
    shownBy: 'tests/e2e/src/file-expiry.full.test.ts',
  },
  'fix-logins-at-once': {
    text: 'concurrent logins of one user are all answered, and those that lose are kicked',
  },
  'fix-lists-answered': { text: 'a request for a list is answered, however long it is' },
  'fix-http-answers': { text: 'the HTTP API answers bad JSON, unknown paths and unknown groups' },

  'client-push-seq': { text: 'PDUs the server sends unasked have seq_num 0' },
  'client-required': { text: 'every required field is there, with an enum value the clients know' },
  'client-type-3': {
    text: 'message type 3 can be shown as text to clients that do not know it',
    shownBy: 'services/msg_server/src/handlers/bus/deliver-message.test.ts',
  },
  'client-small-ids': { text: 'msg_id counts from 1 per conversation and stays small' },
  'client-400-kib': { text: 'no frame above 400 KiB to Android' },
  'client-one-0209': { text: 'one 0x0209 to a request, unless Android needs several' },
  'client-own-id': { text: 'user_id in answers is the logged-in user’s' },
  'client-seq-wrap': { text: 'seq_num may begin anew after 32767' },
  'client-resend': { text: 'a message sent again with the same seq_num is stored once and acked again' },
  'client-receipts': { text: 'receipts are taken however the client fills them' },
  'client-heartbeat': { text: 'heartbeats are echoed with their seq_num' },
  'client-location': { text: 'login_server’s JSON has priorIP, backupIP, port and both msfs addresses' },
  'client-upload-line': { text: 'msfs answers an upload with one line of JSON with a url' },
  'client-upload-type': {
    text: 'msfs answers uploads with content type text/html, which iOS and Mac clients need',
  },
  'client-upload-path': { text: 'msfs accepts uploads at /upload/, whatever bytes are in the file name' },
  'client-early-add': { text: '0x050b sent before the upload is complete announces the file once it is' },
  'client-early-receiver': { text: 'a receiver may connect before the file is there, and waits for it' },
  'client-large-pull': { text: 'a pull of more than 32,768 bytes is answered with a block' },
  'client-all-unread': { text: 'history returns all unread messages at once, as many as fit into a frame' },
  'client-administration': { text: 'the legacy administration changes groups as user 0' },
  'client-fork-types': { text: 'the interfaces of the forks send texts unless a type is given' },
  'client-login': { text: 'result_code 6 for a wrong name or password; user_info on success' },
  'client-text': { text: 'texts are AES in base64; audio of four bytes or fewer is no message' },
  'client-small-request': { text: 'login_server accepts the requests clients send' },
  'client-empty-body': { text: 'only heartbeats have no body: iOS ignores any other PDU without one' },
  'client-no-peer-receipt': { text: 'only the reader’s other clients are told what was read' },

  'client-sessions': { text: 'each client’s start-up, and its sync after a reconnect, in its own order' },
  'client-images': { text: 'images are uploaded as each client does it, with the answer it reads' },
  'client-files': { text: 'files are sent online and offline in each client’s order of PDUs' },

  'defect-first-of-pair': { text: 'first messages of a pair sent at once get different ids' },
  'defect-first-of-group': { text: 'first messages of a group sent at once are all acknowledged' },
  'defect-foreign-file-task': { text: 'a stranger’s file task cannot be listed as one’s own' },
  'defect-ack-without-insert': {
    text: 'no ack for what was not stored',
    shownBy: 'tests/faults/src/chaos/chaos.full.test.ts',
  },
  'defect-ids-restart': {
    text: 'msg_ids go on after services are killed',
    shownBy: 'tests/faults/src/chaos/chaos.full.test.ts',
  },
  'defect-forwarded-header': {
    text: 'a forwarded message has neither the sender’s seq_num nor attach_data',
  },
  'defect-rate-drop': { text: 'no message is dropped because its sender is fast' },
  'defect-reordered': { text: 'messages arrive in the order they were sent' },
  'defect-history-order': { text: 'history of one second is in the order of msg_id' },
  'defect-read-clears-all': { text: 'later messages stay unread after a read ack' },
  'defect-peer-session': { text: 'a message updates the recent sessions of both sides' },
  'defect-served-out-of-login': { text: 'nothing is served before the login and after a kick' },
  'defect-group-user-0': { text: 'a group is not edited as user 0' },
  'defect-spoofed-p2p': { text: '0x0601 names its real sender, whatever its client claims' },
  'defect-sql': { text: 'a user name is data, not SQL' },
  'defect-task-path': { text: 'a task id is never used as a path' },
  'defect-large-upload': { text: 'an upload of 5 to 10 MiB is stored, or refused' },
  'defect-status-server-down': {
    text: 'presence is sent although one of several servers is down',
    shownBy: 'tests/e2e/src/processes.test.ts',
  },
  'defect-signature-falls-through': { text: 'a changed signature does not look like a changed group' },
  'defect-client-dies': { text: 'a client that dies disturbs nobody' },
} as const satisfies Record<string, Requirement>;

export type RequirementId = keyof typeof requirements;

/** Every requirement, by its id. */
export const requirementTable: Readonly<Record<RequirementId, Requirement>> = requirements;
