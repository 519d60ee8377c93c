/** Numbers with their noun. */

/**
 * A number and its noun, for messages: "1 event", "2 events". `text`: the number as it is to be shown.
 *
 * @example
 * counted(1, "class") // "1 class"
 * counted(0, "class") // "0 classes"
 * counted(2, "epoch") // "2 epochs"
 */
export function counted(count: number, noun: string, text: string = String(count)): string {
  if (count === 1) return `${text} ${noun}`;
  return `${text} ${/(s|x|[^o]ch)$/.test(noun) ? `${noun}es` : `${noun}s`}`;
}
