/**
 * The script of the shared worker that has the connection of all tabs: bundle this entry, serve it from the page's
 * origin, and give its address to `sharedTabs`.
 *
 *     deno bundle --platform browser --minify -o tabs.js jsr:@troupe/core/client/tabs/worker
 *
 * @module
 */

import { systemClock } from "../../base/clock.ts";
import { makeWebSocket, whenGone } from "./shared_tabs.ts";
import { TabHub } from "./tab_hub.ts";
import type { Locks } from "./tab_leader.ts";
import type { TabPort } from "./tab_port.ts";

/** The worker's global object, as far as it matters here. */
interface WorkerScope {
  onconnect: ((event: { readonly ports: readonly TabPort[] }) => void) | null;
  readonly navigator: { readonly locks: Locks };
}

const hub = new TabHub({
  connect: makeWebSocket,
  clock: systemClock,
  gone: whenGone((globalThis as unknown as WorkerScope).navigator.locks),
});
(globalThis as unknown as WorkerScope).onconnect = ({ ports: [port] }) => {
  hub.attach(port);
  port.postMessage("ready");
};
