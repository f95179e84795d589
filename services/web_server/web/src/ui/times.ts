import { computed } from '@preact/signals';
import { t } from '../i18n/index.js';

const dayMs = 86_400_000;

/** Formats are created once, because creating one is far slower than using it. */
const format = (options: Intl.DateTimeFormatOptions) =>
  computed(() => new Intl.DateTimeFormat(t.value.locale, options));

const clock = format({ hour: '2-digit', minute: '2-digit' });
const monthAndDay = format({ month: 'numeric', day: 'numeric' });
const yearMonthAndDay = format({ year: 'numeric', month: 'numeric', day: 'numeric' });
const fullDay = format({ dateStyle: 'full' });
const dayAndTime = format({ dateStyle: 'full', timeStyle: 'short' });

/** The time of a message in its conversation. */
export function clockTime(seconds: number): string {
  return clock.value.format(seconds * 1000);
}

/** For lists: the time if today, otherwise the date. */
export function shortTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const days = daysAgo(date);
  if (days <= 0) return clockTime(seconds);
  if (days === 1) return t.value.yesterday;
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return (isThisYear ? monthAndDay : yearMonthAndDay).value.format(date);
}

/** The label above the first message of a day. */
export function dayText(day: Date): string {
  const days = daysAgo(day);
  if (days === 0) return t.value.today;
  if (days === 1) return t.value.yesterday;
  return fullDay.value.format(day);
}

export function fullTime(seconds: number): string {
  return dayAndTime.value.format(seconds * 1000);
}

function daysAgo(date: Date): number {
  const start = (each: Date) => new Date(each.getFullYear(), each.getMonth(), each.getDate()).getTime();
  return Math.round((start(new Date()) - start(date)) / dayMs);
}
