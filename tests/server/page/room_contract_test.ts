import { assertEquals } from "@std/assert";
import type { JoinPayloadOf, JoinReplyOf, SendPayload, SendReply } from "../../../src/client/mod.ts";
import type { AnyContract, PresenceOutput, ServerPayload } from "../../../src/contract/mod.ts";
import { Room } from "../../../src/server/chat.ts";
import { Room as PageRoom } from "../../../src/server/page/room_contract.ts";

type Of<C extends AnyContract> = [PresenceOutput<C>, JoinPayloadOf<C>, JoinReplyOf<C>];
type Plain<T> = { [Key in keyof T]: T[Key] };
/** Compiles for types that are the same. */
function same<A, B>(
  ..._: [Plain<A>] extends [Plain<B>] ? [Plain<B>] extends [Plain<A>] ? [] : [never] : [never]
): void {}

Deno.test("the page's contract of rooms is the server's, without its schemas", () => {
  same<Of<typeof Room>, Of<typeof PageRoom>>();
  same<SendPayload<typeof Room, "say">, SendPayload<typeof PageRoom, "say">>();
  same<SendReply<typeof Room, "say">, SendReply<typeof PageRoom, "say">>();
  same<ServerPayload<typeof Room, "said">, ServerPayload<typeof PageRoom, "said">>();
  same<ServerPayload<typeof Room, "typing">, ServerPayload<typeof PageRoom, "typing">>();
  const shape = ({ pattern, definition }: AnyContract): unknown => [
    pattern.source,
    ...[definition, definition.join, definition.client, definition.server, definition.client?.say]
      .map((part) => Object.keys(part ?? {}).sort()),
  ];
  assertEquals(shape(PageRoom), shape(Room));
});
