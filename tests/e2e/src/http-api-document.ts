/** The examples of the API document, byte for byte, with the paths it gives them. */
export const documentedExamples = {
  'query/SendBroadCastMessage': `{
    "from_user_id":8,
    "session_ids":[1,2],
    "msg":"{\\"url:\\",\\"http://ip/note/id\\"}",
    "msg_type":3
}`,
  '/query/SendP2PMessage': `{
    "from_user_id":8,
    "session_id":1,
    "msg":"{\\"url:\\",\\"http://www.mworldex.com/note/id\\"}",
    "msg_type":3
}`,
  '/query/CreateGroup': `{
    "req_user_id":1,
    "group_name":"测试群",
    "group_type":1,
    "group_avatar":"http://dadsd/dsds/icon.png",
    "user_id_list":[1]
}`,
  '/query/ChangeMembers': `{
    "req_user_id":1,
    "group_id":123,
    "modify_type":1,
    "user_id_list":[1]
}`,
} as const;

/** The document's answer to a successful call, on one line and without its comments. */
export const documentedAnswer = '{"error_code":0,"error_msg":"成功"}';
