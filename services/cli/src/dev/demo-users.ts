/** The password of the demo users. */
export const demoPassword = '123456';

/** Department of the canary's accounts, so that nobody takes them for people. */
export const canaryDepartment = 'Canary';

export const demoDepartments = ['研发部', '市场部'] as const;

export const demoUsers: readonly {
  name: string;
  nickName: string;
  department: (typeof demoDepartments)[number];
}[] = [
  { name: 'alice', nickName: '爱丽丝', department: '研发部' },
  { name: 'bob', nickName: '鲍勃', department: '研发部' },
  { name: 'carol', nickName: '卡罗尔', department: '市场部' },
  { name: 'dave', nickName: '戴夫', department: '市场部' },
];
