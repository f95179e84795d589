import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { legacyPlaces, placesOfCopy } from './places.js';

const urls = { mysql: 'mysql://root@127.0.0.1:3306/teamtalk', redis: 'redis://127.0.0.1:6379' };

describe('places of a legacy installation', () => {
  test('come from options alone', () => {
    const places = legacyPlaces({
      ...urls,
      dbNumbers: { unread: 1, group_set: 2, token: 4, group_member: 5 },
      images: tmpdir(),
    });
    expect(places.redis).toEqual({
      unread: 'redis://127.0.0.1:6379/1',
      group_set: 'redis://127.0.0.1:6379/2',
      token: 'redis://127.0.0.1:6379/4',
      group_member: 'redis://127.0.0.1:6379/5',
    });
    expect(places.images).toBe(tmpdir());
    expect(places.textKey).toBeUndefined();
  });

  test('come from the company’s configuration files, the replica first', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'legacy-config-'));
    writeFileSync(
      path.join(folder, 'dbproxyserver.conf'),
      `# comment
ListenIP=0.0.0.0
DBInstances=teamtalk_master,teamtalk_slave
teamtalk_master_host=10.0.0.1
teamtalk_slave_host=10.0.0.2
teamtalk_slave_port=3307
teamtalk_slave_dbname=teamtalk
teamtalk_slave_username=tt
teamtalk_slave_password=p@ss/1
CacheInstances=unread,group_set,token,sync,group_member
unread_host=10.0.0.3
unread_port=6380
unread_db=1
group_set_host=10.0.0.4
group_set_db=1
sync_db=2
token_host=10.0.0.3
token_db=1
group_member_host=10.0.0.3
group_member_db=7
aesKey=12345678901234567890123456789012\r
`,
    );
    writeFileSync(path.join(folder, 'msfs.conf'), 'ListenPort=8700\nBaseDir=.\n');
    expect(legacyPlaces({ config: folder, dbNumbers: { token: 9 } })).toEqual({
      mysql: 'mysql://tt:p%40ss%2F1@10.0.0.2:3307/teamtalk',
      redis: {
        unread: 'redis://10.0.0.3:6380/1',
        group_set: 'redis://10.0.0.4:6379/1',
        token: 'redis://10.0.0.3:6379/9',
        group_member: 'redis://10.0.0.3:6379/7',
      },
      images: folder,
      offlineFiles: undefined,
      textKey: '12345678901234567890123456789012',
    });
  });

  test.each([
    ['no MySQL', { redis: urls.redis }, /which MySQL\?/],
    ['no Redis', { mysql: urls.mysql }, /which Redis has the pool unread\?/],
    ['no database number', urls, /which Redis database has the pool unread\?.*--db-numbers unread=N/],
    ['a folder that is not there', { ...urls, images: '/nowhere' }, /which Redis|not there: \/nowhere/],
    ['a short key', { ...urls, textKey: 'short' }, /must be 32 bytes, not 5/],
    ['a folder without configuration', { config: '/nowhere' }, /no dbproxyserver.conf in \/nowhere/],
  ])('say what is wrong: %s', (_what, options, message) => {
    expect(() => legacyPlaces(options)).toThrow(message);
  });

  test('of a copy are refused if they are a master or replica from the configuration files', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'legacy-config-'));
    writeFileSync(
      path.join(folder, 'dbproxyserver.conf'),
      `DBInstances=teamtalk_master,teamtalk_slave
teamtalk_master_host=10.0.0.1
teamtalk_slave_host=10.0.0.2
CacheInstances=unread,group_set,token,group_member
unread_host=10.0.0.3
unread_db=1
group_set_db=2
token_db=4
group_member_db=5
`,
    );
    const copy = { config: folder, mysql: 'mysql://u@10.0.0.9/teamtalk', redis: 'redis://10.0.0.9' };
    expect(placesOfCopy(copy).redis.token).toBe('redis://10.0.0.9/4');
    expect(() => placesOfCopy({ config: folder })).toThrow(/give the location of the copy/);
    for (const real of [
      { mysql: 'mysql://u@10.0.0.1/teamtalk' },
      { mysql: 'mysql://u@10.0.0.2:3306/other' },
      { redis: 'redis://10.0.0.3:6379' },
    ]) {
      expect(() => placesOfCopy({ ...copy, ...real })).toThrow(
        /is the real store according to dbproxyserver.conf/,
      );
    }
  });
});
