/**
 * What tests need: an app as its clients see it ({@link testKit}), a virtual clock, a seeded scheduler, actors that remember what they were told, and connections that
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
export { type SendOptions, TestChannel } from "./test_channel.ts";
export { type ConnectOptions, type JoinOptions, TestClient } from "./test_client.ts";
export { TestKit, testKit, type TestKitOptions, type TestPorts } from "./test_kit.ts";
export type { Received } from "./inbox.ts";
export type { JoinHistory, MembershipStatus, RecoveryReport } from "./membership.ts";
export type { PresenceMeta } from "./presence_view.ts";
export type { WaitOptions } from "./virtual_time.ts";
export type {
  Answered,
  Audible,
  EngineEvent,
  EventAnswered,
  EventGiven,
  EventHeard,
  Given,
  HeardOf,
  JoinAnswered,
  JoinGiven,
  JoinOf,
  PayloadAndOptions,
} from "./channel_types.ts";
export { ManualTurns } from "./manual_turns.ts";
export { ProbeActor } from "./probe_actor.ts";
export { VirtualClock } from "./virtual_clock.ts";
export type { VirtualTimeOptions } from "./virtual_time.ts";
export { seededRandom } from "../base/random.ts";
