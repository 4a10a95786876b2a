/** A text between two tags. */
export function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Words as one command line, which the C runtime of Windows splits into the same words again
 * (Microsoft, "Parsing C command-line arguments"): backslashes count only before a quotation mark.
 */
export function windowsCommandLine(words: readonly string[]): string {
  return words.map(windowsWord).join(" ");
}

function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  const escaped = word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1");
  return `"${escaped}"`;
}
