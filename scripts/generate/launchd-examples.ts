/**
 * Writes the examples of `launchd/`: what `cbi install` would put in place on a Mac in Berlin for the
 * demo's night and a few jobs of other kinds. A test holds them equal to what the generator says.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { launchdExamples } from "../../test/host/launchd/examples.ts";

const folder = path.resolve(import.meta.dirname, "..", "..", "launchd");
for (const [name, text] of launchdExamples()) writeFileSync(path.join(folder, name), text);
