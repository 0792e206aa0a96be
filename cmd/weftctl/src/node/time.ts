/** Points in time as operators read them, in local time. */

/** How long BIRD shows a time of day before it shows the date. */
const TIME_OF_DAY_MILLISECONDS = 20 * 3600 * 1000;

/** When something began, as BIRD and hence calicoctl print it: the time of day if recent, else the date. */
export function since(when: string, now: Date): string {
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return when;
  return now.getTime() - date.getTime() < TIME_OF_DAY_MILLISECONDS ? timeOfDay(date) : day(date);
}

/** Date and time of day. */
export function clockTime(when: string): string {
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? when : `${day(date)} ${timeOfDay(date)}`;
}

function day(date: Date): string {
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
}

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
