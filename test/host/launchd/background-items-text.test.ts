import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBackgroundItems } from "../../../src/host/launchd/background-items-text.ts";

/** In the form of `sfltool dumpbtm`, of which no manual tells. */
const DUMP = ` Records for UID -2 : FFFFEEEE-DDDD-CCCC-BBBB-AAAAFFFFFFFE
 #1:
                 UUID: 11111111-2222-3333-4444-555555555555
                 Name: caffeinate
       Developer Name: (null)
                 Type: legacy daemon (0x10010)
                Flags: [ legacy ] (0x1)
          Disposition: [enabled, allowed, notified] (0xb)
           Identifier: 16.com.cbi.nightly
                  URL: file:///Library/LaunchDaemons/com.cbi.nightly.plist
           Generation: 1
    Parent Identifier: Unknown Developer

 #2:
                 UUID: 66666666-2222-3333-4444-555555555555
                 Name: caffeinate
          Disposition: [enabled, disallowed, notified] (0x9)
           Identifier: 16.com.cbi.watchdog
    Parent Identifier: Unknown Developer
`;

void test("what somebody has turned off under Login Items is known by its disposition", () => {
  assert.deepEqual(parseBackgroundItems(DUMP), [
    {
      identifier: "16.com.cbi.nightly",
      name: "caffeinate",
      disposition: ["enabled", "allowed", "notified"],
    },
    {
      identifier: "16.com.cbi.watchdog",
      name: "caffeinate",
      disposition: ["enabled", "disallowed", "notified"],
    },
  ]);
  assert.deepEqual(parseBackgroundItems("sfltool: nothing\n"), []);
});
