import { configJsonSchemaText } from "../../config/json-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  words: ["config", "schema"],
  summary: "Print the JSON Schema of cbi.yaml, by which editors complete and check",
  description:
    "Editors with the YAML language server read it from a first line such as\n" +
    "# yaml-language-server: $schema=./cbi.schema.json",
  examples: [{ line: "cbi config schema > cbi.schema.json", says: "beside a home's cbi.yaml" }],
  exits: [{ code: ExitCode.done, when: "the schema was printed" }],
  async run(context) {
    context.write(configJsonSchemaText());
    return Promise.resolve(ExitCode.done);
  },
};
