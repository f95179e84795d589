export { ChatGroup } from './chat-group.js';
export { Department } from './department.js';
export { GroupMember } from './group-member.js';
export { User, userHasLeft } from './user.js';
