export interface LegacyOptions {
  /** the same seed and sizes make the same store */
  seed: string;
  /** the highest user id; one in 37 has no row */
  users: number;
  groups: number;
  /** about */
  messages: number;
  /** images that no row names */
  images: number;
  /** IMTransmitFile, which only forks have; without it no offline file has a row */
  transmitFile: boolean;
  /** IMProject, `pid` and IMAdmin.type of a fork */
  projects: boolean;
  /** push_shield_status and sign_info, from August 2015 on */
  profiles: boolean;
  /** a column of a company's own in IMUser */
  extraColumns: boolean;
}

/** Enough of everything for each kind of dirt to be there at least twice. */
export const smallStore: LegacyOptions = {
  seed: 'small',
  users: 160,
  groups: 40,
  messages: 6_000,
  images: 30,
  transmitFile: true,
  projects: true,
  profiles: true,
  extraColumns: true,
};
