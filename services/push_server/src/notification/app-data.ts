/** Of a notification. */
interface AppData {
  collapseId: string;
  badge: number;
  withdraws?: boolean;
  data: { msg_type: number; from_id: number; group_id?: number };
}

/**
 * What an Android app gets with a notification, or without a banner as its only content: what opens the conversation, the tag of the
 * banner, which it removes where that is `withdrawn`, and the badge. Push services take only strings.
 */
export function appData({ collapseId, badge, withdraws, data }: AppData): Record<string, string> {
  const strings: Record<string, string> = { tag: collapseId, badge: String(badge) };
  for (const [name, value] of Object.entries(data)) strings[name] = String(value);
  if (withdraws) strings.withdrawn = 'true';
  return strings;
}
