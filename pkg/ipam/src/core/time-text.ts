/**
 * Points in time as the texts that blocks carry. A pure package has no clock and no `Date`, so the calendar is
 * computed here: days are counted from 1 March of year 0, where the leap day is the last day of a year.
 */

const MS_PER_DAY = 86_400_000;
const DAYS_PER_ERA = 146_097;
const DAYS_FROM_MARCH_0_TO_1970 = 719_468;

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times; a begun second is counted as full. */
export function formatTimestamp(ms: number): string {
  const wholeMs = Math.ceil(ms / 1000) * 1000;
  return `${dateText(wholeMs)}T${clockText(wholeMs)}Z`;
}

/** The time in the form of Go's `time.Time.String()`, which Calico stores in the attribute `timestamp`. */
export function formatGoTime(ms: number): string {
  const fraction = String(Math.floor(ms) % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${dateText(ms)} ${clockText(ms)}${fraction && `.${fraction}`} +0000 UTC`;
}

/** Milliseconds since the epoch of a time in the form of Go's `time.Time.String()`; undefined when the text is none. */
export function parseGoTime(text: string): number | undefined {
  const match = /^(\S+) (\S+) ([+-]\d\d)(\d\d)( |$)/.exec(text);
  return match ? parseTimestamp(`${match[1]}T${match[2]}${match[3]}:${match[4]}`) : undefined;
}

/** Milliseconds since the epoch of an RFC 3339 time, any offset; undefined when the text is none. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return undefined;
  const [, date, clock, fraction = '', zone] = match as unknown as [string, string, string, string?, string?];
  const [year, month, day] = numbers(date, '-');
  const [hour, minute, second] = numbers(clock, ':');
  const seconds = (hour * 60 + minute) * 60 + second - offsetSeconds(zone as string);
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return daysFromCivil(year, month, day) * MS_PER_DAY + seconds * 1000 + milliseconds;
}

function numbers(text: string, separator: string): [number, number, number] {
  return text.split(separator).map(Number) as [number, number, number];
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60;
}

function dateText(ms: number): string {
  const { year, month, day } = civilFromDays(Math.floor(ms / MS_PER_DAY));
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
}

function clockText(ms: number): string {
  const seconds = Math.floor((ms % MS_PER_DAY) / 1000);
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => twoDigits(Math.floor(part)))
    .join(':');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** The Gregorian date that many days after 1 January 1970. */
function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + DAYS_FROM_MARCH_0_TO_1970;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return { year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day };
}

/** How many days the date lies after 1 January 1970; the inverse of `civilFromDays`. */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_FROM_MARCH_0_TO_1970;
}
