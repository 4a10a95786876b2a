import { z } from "zod";
import { isMapping } from "./key-path.ts";
import { configSchema } from "./schema.ts";

/**
 * The JSON Schema (draft 7, which editors' YAML support reads best) of what may stand in `cbi.yaml`,
 * as the text of `schema/cbi.schema.json`. What only code can check is said in the descriptions.
 */
export function configJsonSchemaText(schema: z.ZodType = configSchema): string {
  const generated = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  const { $schema, ...rest } = generated;
  const named = { $schema, title: "cbi.yaml", ...rest };
  return `${JSON.stringify(describedForEditors(named), undefined, 2)}\n`;
}

/** Turns our own notes on a schema into what an editor shows. */
function describedForEditors(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(describedForEditors);
  if (!isMapping(node)) return node;
  // A key of cbi.yaml could have the name of a note; it would hold a mapping, and a note never does.
  const isNote = ([name, value]: [string, unknown]): boolean =>
    ["by", "expects", "suggests", "secret"].includes(name) && !isMapping(value);
  const kept = Object.entries(node).filter((entry) => !isNote(entry));
  const described = Object.fromEntries(
    kept.map(([name, value]) => [name, describedForEditors(value)]),
  );
  const { description, expects } = node;
  if (typeof expects !== "string") return described;
  const lead = typeof description === "string" ? `${description}. ` : "";
  return { ...described, description: `${lead}Expects ${expects}` };
}
