import { setFlagsFromString } from "node:v8";

// Imported before all else by the command line. An orchestrator spends its night waiting for
// workers: V8's default of three 16 MB nurseries buys it nothing and is a third of what it may take.
// A flag of the process, and not of its start, because npx and people start `cbi` in their own ways.
setFlagsFromString("--optimize-for-size");
