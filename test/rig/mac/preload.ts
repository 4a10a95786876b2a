import { existsSync, readFileSync } from "node:fs";
import os from "node:os";

// Loaded before whatever runs on the imitated Mac, so that it takes the machine for one. Users are real
// there; their wall clock is ahead by as many
// milliseconds as a file says.

Object.defineProperty(process, "platform", { value: "darwin" });
Object.defineProperty(process, "arch", { value: "arm64" });
os.platform = () => "darwin";
os.arch = () => "arm64";
os.type = () => "Darwin";
os.release = () => "25.6.0";

const SHIFT = "/opt/mac/shift-ms";
const { now } = Date;
Date.now = () => now() + (existsSync(SHIFT) ? Number(readFileSync(SHIFT, "utf8")) : 0);
