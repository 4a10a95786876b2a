const DEPTH_MAX = 32;
const BRANCHES = new Set(["plist", "dict", "array"]);
const LEAVES = new Set(["key", "string", "integer", "real", "date", "data", "true", "false"]);
const PIECE = /<(\/?)([A-Za-z]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)|</g;
const REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\dA-Fa-f]{1,6});)/;

/**
 * What keeps a text from being an XML property list of the DTD PropertyList-1.0, or undefined. Asked before the
 * parser, which prints on standard error what it finds wrong, and would take any nesting.
 */
export function plistProblem(text: string): string | undefined {
  // No property list needs entities of its own, and expanding them is the oldest way to fill a memory.
  if (/<!ENTITY/i.test(text)) return "it declares entities, which are not read";
  const body = withoutComments(text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, ""))
    .replace(/^\s*<!DOCTYPE plist[^>[]*>/, "")
    .trim();
  const open: string[] = [];
  let roots = 0;
  for (const [piece, close, name = "", , empty, words] of body.matchAll(PIECE)) {
    if (words !== undefined) {
      if (REFERENCE.test(words)) return "it has a reference (&…;) that XML does not know";
      if (words.trim() !== "" && !LEAVES.has(open.at(-1) ?? ""))
        return "it has text between values";
      continue;
    }
    if (!BRANCHES.has(name) && !LEAVES.has(name)) return `it has '${piece.slice(0, 30)}'`;
    if (close === "/") {
      if (open.pop() !== name) return `</${name}> closes nothing`;
      continue;
    }
    const above = open.at(-1);
    if (above === undefined && (name !== "plist" || (roots += 1) > 1))
      return "it has not one plist";
    if (above !== undefined && LEAVES.has(above)) return `<${name}> stands within <${above}>`;
    if (empty === "/") continue;
    open.push(name);
    if (open.length > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX} levels`;
  }
  if (open.length > 0) return `<${open.at(-1)}> is not closed`;
  return roots === 1 ? undefined : "it has not one plist";
}

/** Without a search for an end that is not there at every beginning. */
function withoutComments(text: string): string {
  let kept = "";
  for (let at = 0; ;) {
    const start = text.indexOf("<!--", at);
    const end = start < 0 ? -1 : text.indexOf("-->", start + 4);
    if (end < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    at = end + 3;
  }
}
