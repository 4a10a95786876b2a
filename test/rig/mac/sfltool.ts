import { launchd } from "./launchd.ts";
import { says, stateOf, type Fake } from "./fake.ts";

/** `sfltool dumpbtm` of what launchd has; `sfltool.json` of the state names labels that somebody turned off. */
export const sfltool: Fake = {
  answer({ args, uid }) {
    if (args[0] !== "dumpbtm") return says(64, "Usage: sfltool dumpbtm");
    if (uid !== 0) return says(1, "sfltool: must be run as root");
    const { off } = stateOf<{ off: string[] }>("sfltool", { off: [] });
    const records = Object.entries(launchd.state.services).map(
      ([label, { path, domain }], index) => {
        const isOff = off.includes(label);
        return ` #${index + 1}:
                 UUID: 00000000-0000-0000-0000-00000000000${index}
                 Name: caffeinate
       Developer Name: (null)
                 Type: legacy ${domain === "system" ? "daemon (0x10010)" : "agent (0x10008)"}
                Flags: [ legacy ] (0x1)
          Disposition: [enabled, ${isOff ? "disallowed" : "allowed"}, notified] (${isOff ? "0x9" : "0xb"})
           Identifier: ${domain === "system" ? 16 : 8}.${label}
                  URL: file://${path}
           Generation: 1
    Parent Identifier: Unknown Developer
`;
      },
    );
    const head = " Records for UID -2 : FFFFEEEE-DDDD-CCCC-BBBB-AAAAFFFFFFFE\n";
    return { code: 0, stdout: head + records.join("\n") };
  },
};
