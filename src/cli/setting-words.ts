/** `--set` with several settings behind it. */

/**
 * The words of a command line in which every setting has a `--set` of its own: `--set a=1 b.c=2` becomes
 * `--set a=1 --set b.c=2`. A word that does not look like path=value ends the list, so that files may follow.
 */
export function separateSettings(words: readonly string[]): string[] {
  const separated: string[] = [];
  let isList = false;
  for (const [i, word] of words.entries()) {
    const isFirst = words[i - 1] === "--set";
    if (isList && !isFirst && /^[A-Za-z_][\w.]*=/.test(word)) separated.push("--set");
    else if (!isFirst) isList = word === "--set" || word.startsWith("--set=");
    separated.push(word);
  }
  return separated;
}
