/** A user's module: functions of events for an augmentation. */
export function addNoise({ eventCount, columns }, { streamOf, options }) {
  const { column, deviation } = options;
  for (let i = 0; i < eventCount; i++) columns[column][i] += deviation * streamOf(i).normal();
}

/** Forgets that columns are changed in place. */
export function givesBack(events) {
  return events;
}
