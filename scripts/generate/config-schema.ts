/** Writes `schema/cbi.schema.json` from the zod schema; a test holds that it is current. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { configJsonSchemaText } from "../../src/config/json-schema.ts";

const folder = path.resolve(import.meta.dirname, "..", "..", "schema");
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, "cbi.schema.json"), configJsonSchemaText());
