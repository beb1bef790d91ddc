/**
 * One connection for all tabs of a browser: a transport for our client, and for the published `phoenix` client with
 * `createCodec()`.
 *
 * @module
 */

export { sharedTabs, type SharedTabsOptions } from "./shared_tabs.ts";
