/** Names of the columns that hold the features of an event's objects. */

/**
 * The column of one feature of one object: `lep_px`; of the element of a vector, such as `Muon[0]`, `Muon_px[0]`.
 *
 * @example
 * objectColumn("lep", "px") // "lep_px"
 * objectColumn("Muon[0]", "pt") // "Muon_pt[0]"
 */
export function objectColumn(object: string, feature: string): string {
  const element = /^(.+)(\[\d+\])$/.exec(object);
  return element ? `${element[1]}_${feature}${element[2]}` : `${object}_${feature}`;
}
