/** A word as it is typed in a shell (POSIX), so that what a remedy names can be copied as it stands. */
export function shellWord(text: string): string {
  return /^[\w@+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
