import { type Codec, type Inbound, MalformedMessage } from "../protocol/codec.ts";
import { CLOSE_MALFORMED, CLOSE_POLICY } from "../protocol/close_codes.ts";
import type { WireData } from "../protocol/frame.ts";
import { Attachment } from "./attachment.ts";
import type { Connection, Interpreter } from "./connection.ts";
import { controlPush } from "./control.ts";
import type { HookedMessage } from "./hooks.ts";
import { type Excess, InboundMeter } from "./inbound_meter.ts";
import { Intake, type IntakePorts, type IntakeTarget } from "./intake.ts";
import type { Session } from "./session.ts";

/**
 * Makes sense of a connection that speaks a channel protocol: decodes, keeps the limits, and hands each message to the
 * session. What is over a limit is answered with an error and reaches no handler.
 */
export class ChannelInterpreter implements Interpreter, IntakeTarget {
  readonly #attachment: Attachment;
  readonly #codec: Codec;
  readonly #ports: IntakePorts;
  readonly #intake: Intake;
  #connection: Connection | null = null;
  #meter: InboundMeter | null = null;

  /** Whose data is being decoded. One sink serves all: a function of its own for each connection would weigh 100 bytes. */
  static #decoding: ChannelInterpreter;
  static readonly #sink = (message: Inbound): void => ChannelInterpreter.#decoding.#receive(message);

  constructor(session: Session, ports: IntakePorts) {
    this.#attachment = new Attachment(session);
    this.#codec = session.codec;
    this.#ports = ports;
    this.#intake = new Intake(ports, this);
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    this.#intake.open(connection, () => this.#attachment.open(connection));
  }

  received(data: WireData): void {
    const meter = this.#meter ??= new InboundMeter(this.#ports.inbound);
    const excess = meter.frame(data.length);
    if (excess !== null) this.#warn(excess);
    const before = ChannelInterpreter.#decoding;
    ChannelInterpreter.#decoding = this;
    try {
      this.#codec.decode(data, ChannelInterpreter.#sink);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#attachment.session.ports.counters.add("connections.malformed");
      this.#connection!.close(CLOSE_MALFORMED, error.message);
    } finally {
      ChannelInterpreter.#decoding = before; // a handler may have made another connection receive something
    }
  }

  #receive(message: Inbound): void {
    const { event } = message;
    const isControl = event === "phx_leave" || (event === "heartbeat" && message.topic === "phoenix");
    const excess = this.#meter!.message(event === "phx_join", isControl);
    if (excess !== null && !this.#mayPass(message, excess)) return;
    if (this.#intake.isNeeded) this.#intake.take(message);
    else this.#attachment.receive(message);
  }

  #mayPass(message: Inbound, excess: Excess): boolean {
    if (excess.stage === "warn") this.#warn(excess);
    else if (excess.stage === "close") this.#connection!.close(CLOSE_POLICY, `too many ${excess.limit}`);
    else {
      const { limit, retryAfterMs } = excess;
      this.answer(message, "error", { reason: "rate_limited", limit, retryAfterMs });
    }
    return excess.stage === "warn";
  }

  #warn({ limit, rate }: Excess): void {
    const { perSecond, burst } = rate;
    this.#connection!.write(controlPush(this.#codec, "troupe:limit", { limit, perSecond, burst }));
  }

  deliver(message: HookedMessage): void {
    this.#attachment.receive(message as Inbound);
  }

  answer({ joinRef, ref, topic }: HookedMessage, status: "ok" | "error", response: unknown): void {
    if (ref === null) return;
    // Until a hook has let it in, the session speaks to nobody; and what is over a limit does not wait.
    if (!this.#attachment.isOpen) {
      this.#connection!.write(this.#codec.reply(joinRef, ref, topic!, status, response));
    } else this.#attachment.reply(joinRef, ref, topic!, status, response);
  }

  handle(): void {}

  closed(code: number, reason: string): void {
    this.#attachment.closed();
    this.#intake.close(code, reason);
  }
}
