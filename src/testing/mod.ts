/**
 * What tests need: a virtual clock, a seeded scheduler, actors that remember what they were told, and connections that
 * need no network.
 *
 * @module
 */

export { AppKit, type AppKitOptions } from "./app_kit.ts";
export { FakeSocket } from "./fake_socket.ts";
export { FakeConnection, FakeTransport } from "./fake_transport.ts";
export { type LogContract, testLog } from "./contracts/log.ts";
export { type SessionStoreContract, testSessionStore } from "./contracts/session_store.ts";
export type { ContractClient } from "./contracts/contract_client.ts";
export { testTransport, type TransportContract } from "./contracts/transport.ts";
export { RecordingSink, type Told, TransportStage } from "./contracts/transport_stage.ts";
export { Kit, type KitOptions } from "./kit.ts";
export { ManualTurns } from "./manual_turns.ts";
export { ProbeActor } from "./probe_actor.ts";
export { VirtualClock } from "./virtual_clock.ts";
export type { VirtualTimeOptions } from "./virtual_time.ts";
export { seededRandom } from "../base/random.ts";
