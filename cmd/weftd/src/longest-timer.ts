/** The longest time a timer of Node waits, in ms, some 24 days: more it takes for one millisecond. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
