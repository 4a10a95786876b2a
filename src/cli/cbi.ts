#!/usr/bin/env node
// The first file that runs, written so that every Node since version 10 can parse what it compiles
// to: an older one must be told what is missing before anything newer fails to load.
const MAJOR_REQUIRED = 24;
const majorRunning = Number(process.versions.node.split(".")[0]);

if (majorRunning < MAJOR_REQUIRED) {
  process.stderr.write(
    `cbi needs Node ${MAJOR_REQUIRED} or later; this is Node ${process.versions.node} (${process.execPath}).\n` +
      `Get it with: npm install --save-dev node@${MAJOR_REQUIRED}   (then npx cbi … uses it)\n` +
      `or for the whole machine: brew install node@${MAJOR_REQUIRED}, or https://nodejs.org\n`,
  );
  process.exitCode = 78;
} else {
  import("./main.ts").then(
    (loaded) => loaded.main(),
    (error: unknown) => {
      process.stderr.write(`cbi could not load itself: ${String(error)}\n`);
      process.exitCode = 70;
    },
  );
}
