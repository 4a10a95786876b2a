import { connect } from "node:net";
import { once } from "node:events";
import { messageOf } from "../../system/failure.ts";
import { fail, pass, skip, type Check } from "./check.ts";

const CONNECT_MS = 10_000;
const GOOGLE = { host: "bigquery.googleapis.com", port: 443 };

/** Whether a connection to the warehouse can be made at all, which comes before any login. */
export const networkCheck: Check = {
  name: "network",
  isInside: true,
  run: async ({ home: { config }, environment, signal, isOffline }) => {
    if (config.warehouse.kind === "duckdb") return skip("nothing of a night needs it");
    if (isOffline) return skip("--offline was said");
    const proxy = environment["HTTPS_PROXY"] ?? environment["https_proxy"];
    if (proxy) return skip("a proxy stands between; the query of the warehouse's check proves it");
    const { endpoint } = config.warehouse;
    const address = endpoint ? new URL(endpoint.rest) : undefined;
    const { host, port } = address
      ? { host: address.hostname, port: Number(address.port) }
      : GOOGLE;
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
      const socket = connect({ host, port });
      try {
        await once(socket, "connect", { signal: deadline });
      } finally {
        socket.destroy();
      }
      return pass(`${host} can be reached`);
    } catch (error) {
      return fail(
        `${host} cannot be reached: ${messageOf(error)}`,
        "Look at the network of this machine, and at what it may reach",
      );
    }
  },
};
