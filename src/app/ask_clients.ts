import { TroupeError } from "../base/errors.ts";
import type {
  AnyContract,
  ContractParams,
  RequestEvents,
  RequestPayload,
  RequestReply,
} from "../contract/define_topic.ts";
import { failed } from "../sessions/client_requests.ts";
import type { Members } from "../sessions/members.ts";
import { checkRequest, type RequestOptions } from "../sessions/request_kind.ts";
import type { TopicKind } from "../sessions/topic_kind.ts";
import { memberFilter, type MemberTarget } from "./topic_directory.ts";

/** A topic by its contract and parameters, so that what is said in it has types: `[Room, { id: "7" }]`. */
export type TopicAddress<C extends AnyContract> = readonly [contract: C, params: ContractParams<C>];

/**
 * Asks the clients of a topic's members, from outside of any handler: see `App.request`.
 *
 * @example
 * ```ts
 * import { AppKit } from "@troupe/core/testing";
 * import { defineTopic } from "@troupe/core/contract";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", {
 *   requests: { poll: { payload: z.object({ question: z.string() }), reply: z.object({ yes: z.boolean() }) } },
 * });
 * await using kit = new AppKit({ authenticate: () => ({ id: "ada" }) });
 * kit.app.topic(Room, {});
 * const client = await kit.connect("/socket/websocket?vsn=2.0.0");
 * client.send('["1","1","room:7","phx_join",{}]');
 * await kit.settle();
 *
 * const answer = kit.app.request({ user: "ada" }, [Room, { id: "7" }], "poll", { question: "tea?" });
 * await kit.settle();
 * assertEquals(client.take()[1], '["1",null,"room:7","troupe:request",{"id":"1","event":"poll","payload":{"question":"tea?"}}]');
 * client.send('["1","2","room:7","troupe:answer",{"id":"1","status":"ok","response":{"yes":true}}]');
 * assertEquals((await answer).yes, true);
 * ```
 */
export interface AskClients {
  /**
   * Asks in a topic that is named by its contract: payload and reply have its types.
   *
   * @param who Who is asked. Where a user has several connections in the topic, all are, and the first good answer
   * counts.
   * @throws {TroupeError} At once: `bad_target`, `unmatched_topic`, `unknown_event`, `invalid_payload`. As a rejection:
   * `no_member` if nobody is meant; else what `ChannelContext.request` rejects with, that of the first if there are
   * several.
   */
  <C extends AnyContract, const E extends RequestEvents<C>>(
    who: MemberTarget,
    topic: TopicAddress<C>,
    event: E,
    payload: RequestPayload<C, E>,
    options?: RequestOptions,
  ): Promise<RequestReply<C, E>>;
  /** Asks in a topic by its name. */
  (
    who: MemberTarget,
    topic: string,
    event: string,
    payload: unknown,
    options?: RequestOptions,
  ): Promise<unknown>;
}

/** What asking needs of its app. */
export interface AskPorts {
  readonly members: Members;
  /** The kind of a topic. Throws `unmatched_topic`. */
  kindOf(topic: string): TopicKind;
}

/** Makes {@link AskClients} for an app. */
export function askClients({ members, kindOf }: AskPorts): AskClients {
  function ask(
    who: MemberTarget,
    address: string | TopicAddress<AnyContract>,
    event: string,
    payload: unknown,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const isMeant = memberFilter(who);
    const topic = typeof address === "string" ? address : address[0].pattern.fill(address[1]);
    checkRequest(kindOf(topic).requests, topic, event, payload);
    const meant = [...members.of(topic)].filter(isMeant);
    const answers = meant.map((member) => member.request(event, payload, options));
    if (answers.length === 0) return failed(noMember(topic, event));
    return answers.length === 1 ? answers[0] : firstGood(answers);
  }
  return ask as AskClients;
}

/** The first that is fulfilled; if none is, the fault of the first. Nobody has to await it. */
function firstGood(answers: readonly Promise<unknown>[]): Promise<unknown> {
  const good = Promise.any(answers).catch(({ errors }: AggregateError) => {
    throw errors[0];
  });
  good.catch(() => {});
  return good;
}

function noMember(topic: string, event: string): TroupeError {
  return new TroupeError(
    "no_member",
    `Cannot ask ${JSON.stringify(event)} in ${topic}: nobody there is meant`,
    {
      details: { event, topic },
    },
  );
}
