import type { Server } from "node:http";
import net from "node:net";
import { TroupeError } from "../../base/errors.ts";

/** What binds a port at once, as the runtime's own `listen` does inside: it is exported, but in no documentation. */
type CreateHandle = (address: string, port: number, family: 4 | 6, fd: number, flags: number) => unknown;

/**
 * Makes `server` listen, synchronously: the port is bound when it returns. `Server.listen` with a host would bind it
 * only after a look-up, and tell of failures by an event.
 *
 * @throws What `Deno.listen` throws, e.g. `Deno.errors.AddrInUse`.
 */
export function bind(server: Server, hostname: string, port: number): Deno.NetAddr {
  const { _createServerHandle: createHandle } = net as { _createServerHandle?: CreateHandle };
  if (createHandle === undefined) {
    throw new TroupeError(
      "unsupported_runtime",
      "Cannot listen by node:http: this version of Deno has no way to bind a port at once. Use the transport `websocket`",
    );
  }
  const address = addressOf(hostname);
  const handle = createHandle(address, port, net.isIP(address) === 6 ? 6 : 4, -1, 0);
  if (typeof handle === "object") server.listen(handle);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw faultOf(hostname, port);
  return { transport: "tcp", hostname: bound.address, port: bound.port };
}

/** The address of a host name, as the runtime would listen on it. */
function addressOf(hostname: string): string {
  if (net.isIP(hostname) !== 0) return hostname;
  using probe = Deno.listen({ hostname, port: 0 });
  return probe.addr.hostname;
}

/** Why the address cannot be listened on, in the runtime's own words. */
function faultOf(hostname: string, port: number): unknown {
  try {
    Deno.listen({ hostname, port }).close();
    return new Deno.errors.AddrInUse(`${hostname}:${port} was in use a moment ago`);
  } catch (error) {
    return error;
  }
}
