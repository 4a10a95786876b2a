/** Text that is markup already and is not escaped again. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | undefined;

/**
 * A template for HTML and SVG in which every value is escaped unless it is `Markup` itself; lists
 * are joined, undefined is nothing. So no name or message can become an element.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const pieces = strings.map((text, index) => text + partText(values[index]));
  return { markup: pieces.join("") };
}

/** The text of a page, from its parts. */
export function renderMarkup(markup: Markup): string {
  return markup.markup;
}

function partText(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeText(part);
  if ("markup" in part) return part.markup;
  return part.map(partText).join("");
}

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
