/** The parts of a notification that the app gets. */
interface AppData {
  collapseId: string;
  badge: number;
  withdraws?: boolean;
  data: { msg_type: number; from_id: number; group_id?: number };
}

/**
 * The data an Android app gets with a notification, or on its own if there is no banner: what is needed to open the
 * conversation, the badge, and the tag of the banner, which the app removes if `withdrawn`. Push services accept only strings.
 */
export function appData({ collapseId, badge, withdraws, data }: AppData): Record<string, string> {
  const strings: Record<string, string> = { tag: collapseId, badge: String(badge) };
  for (const [name, value] of Object.entries(data)) strings[name] = String(value);
  if (withdraws) strings.withdrawn = 'true';
  return strings;
}
