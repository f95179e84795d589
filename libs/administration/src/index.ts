// Administrative operations shared by the /v1 API of http_msg_server and the console.
export { type Actor, anybody } from './actor.js';
export { ask, askOnce } from './ask.js';
export type { Backend, Store } from './backend.js';
export { endConnection, endConnections, listConnections } from './connections.js';
export { shownDevice, shownPush } from './devices.js';
export { type FaultCode, faultCodes } from './faults.js';
export {
  connectionIdPattern,
  genders,
  groupTypes,
  id,
  line,
  maxId,
  moment,
  momentOf,
  pathId,
  pushOutcomes,
  webUrl,
} from './fields.js';
export {
  changeGroupMembers,
  dissolveGroup,
  groupProblem,
  type MemberChange,
  makeGroup,
  notifyMembers,
} from './groups.js';
export { type ImportStep, importStepOf, importSteps } from './import-steps.js';
export { isTooDeep } from './json-depth.js';
export { endLogins, kick, recordSessionEnd } from './kick.js';
export { departmentFieldsOf, listDepartments, listDiscovery } from './lists.js';
export { MemberPace } from './member-pace.js';
export { muteInGroup, untilOf } from './mutes.js';
export { openApiDocument } from './openapi.js';
export { Problem, type ProblemKind, problemKinds } from './problem.js';
export { Refusal } from './refusal.js';
export { type RefusalCode, refusals } from './refusals.js';
export { checkPart, parseJson } from './request.js';
export { savedId } from './saved.js';
export { TokenBucket } from './token-bucket.js';
export { changeUser, findUser, type ShownUser, shownUser, userFieldsOf } from './users.js';
export { isScriptUrl, isWebUrl } from './web-url.js';
