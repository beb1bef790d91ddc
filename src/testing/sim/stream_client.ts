import { sortOf } from "./contracts.ts";
import type { HttpWire } from "./http_wire.ts";
import { between } from "./party.ts";
import { SimClient } from "./sim_client.ts";
import { saidOf } from "./truth.ts";

/** How long it waits for a sign of life before it comes back, in milliseconds: the server sends one more often. */
const SILENCE_MS = 45_000;

/** How many of its messages may wait for their answers. */
export const MAX_WAITING = 12;

interface Stream {
  readonly topic: string;
  /** Of the next join. */
  payload: object;
  wire: HttpWire | null;
  lastId: string;
  token: string;
  heardMs: number;
  isWanted: boolean;
  /** When it has ended the last time. */
  goneMs: number;
  /** The id that it has come back with, until the first event behind the answer to its join. */
  cameWith: string | null;
}

/** A client of server-sent events: what an `EventSource` does, and POSTs. One stream for each topic. */
export class StreamClient extends SimClient {
  readonly #streams = new Map<string, Stream>();
  #isClosed = false;
  #sent = 0;

  start(): void {}

  join(topic: string, payload: object = {}): void {
    if (sortOf(topic) === "pattern") return;
    const stream = this.#streams.get(topic) ??
      {
        topic,
        payload,
        wire: null,
        lastId: "",
        token: "",
        heardMs: 0,
        isWanted: false,
        goneMs: 0,
        cameWith: null,
      };
    if (stream.isWanted) return;
    this.#streams.set(topic, stream);
    stream.payload = payload;
    stream.isWanted = true;
    if (stream.wire === null) this.#open(stream);
  }

  leave(topic: string): void {
    const stream = this.#streams.get(topic);
    if (stream === undefined || !stream.isWanted) return;
    stream.isWanted = false;
    stream.lastId = ""; // an EventSource that is made anew
    stream.wire?.abort();
    this.#gone(stream);
  }

  send(topic: string, given: string, payload: { readonly id: string }): void {
    // It cannot say which connection it had, so that what left it out comes to it again.
    const event = given === "whisper" ? "say" : given;
    const stream = this.#streams.get(topic);
    if (stream === undefined || stream.token === "" || event === "ask") return;
    const { id } = payload;
    const { joins } = this.follower(topic);
    this.sends(topic, event, id);
    const { token } = stream;
    const [before, number] = [this.unanswered.size, ++this.#sent];
    let body = "";
    this.ports.network.request(this.host, {
      head: () => {},
      chunk: (bytes) => body += new TextDecoder().decode(bytes),
      end: () => {
        const { status, response, reason } = JSON.parse(body || "{}");
        // Those that it has sent since may have overtaken it.
        const waiting = before + this.#sent - number;
        if (reason === "too_many_waiting" && waiting <= MAX_WAITING && this.host.faults === 0) {
          this.ports.world.fail("a place is given back", `${this.name} in ${topic}: ${waiting} wait`);
        }
        const sinceMs = this.ports.world.clock.elapsedMs() - stream.goneMs;
        if (reason === "no_reply" && token !== stream.token && sinceMs > 1_000 && this.host.faults === 0) {
          this.ports.world.fail("an answer comes in time", `${this.name} in ${topic}: ${event} ${id}`);
        }
        this.answered(topic, event, id, status ?? "error", String(response?.reason ?? reason ?? ""), -joins);
      },
      failed: () => this.unanswered.delete(id),
    }, () =>
      new Request("http://sim/socket/sse", {
        method: "POST",
        headers: { "content-type": "application/json", "x-troupe-token": stream.token },
        body: JSON.stringify({ event, payload }),
      }));
  }

  present(): null {
    return null;
  }

  counted(): null {
    return null;
  }

  askPages(): void {}

  close(): void {
    this.#isClosed = true;
    for (const { topic } of this.#streams.values()) this.leave(topic);
  }

  #open(stream: Stream): void {
    const { world, network } = this.ports;
    const { topic, lastId } = stream;
    const pass = this.pass();
    const payload = encodeURIComponent(JSON.stringify(stream.payload));
    stream.payload = {};
    stream.cameWith = null;
    let text = "";
    const decoder = new TextDecoder();
    stream.heardMs = world.clock.elapsedMs();
    const wire = network.request(
      this.host,
      {
        head: (status) => {
          if (status !== 200) world.note(this.name, `stream of ${topic} refused ${status}`);
        },
        chunk: (bytes) => {
          if (wire !== stream.wire) return;
          stream.heardMs = world.clock.elapsedMs();
          text += decoder.decode(bytes, { stream: true });
          for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
            this.#event(stream, text.slice(0, end));
            text = text.slice(end + 2);
          }
        },
        end: () => wire === stream.wire && this.#gone(stream),
        failed: () => wire === stream.wire && this.#gone(stream),
      },
      () =>
        new Request(
          `http://sim/socket/sse?topic=${encodeURIComponent(topic)}&payload=${payload}&token=${pass}`,
          {
            headers: { accept: "text/event-stream", ...(lastId !== "" && { "last-event-id": lastId }) },
          },
        ),
    );
    stream.wire = wire;
    this.#watch(stream, wire);
  }

  #watch(stream: Stream, wire: HttpWire): void {
    const { world } = this.ports;
    world.after(this.party, SILENCE_MS, () => {
      if (wire !== stream.wire) return;
      if (world.clock.elapsedMs() - stream.heardMs < SILENCE_MS || this.host.stalled) {
        return this.#watch(stream, wire);
      }
      wire.abort();
      this.#gone(stream);
    });
  }

  #gone(stream: Stream): void {
    const { world } = this.ports;
    stream.wire = null;
    stream.goneMs = this.ports.world.clock.elapsedMs();
    stream.token = "";
    this.follower(stream.topic).left();
    world.note(this.name, `stream of ${stream.topic} ends`);
    if (!stream.isWanted || this.#isClosed) return;
    world.after(this.party, between(this.party.random, 500, 3_000), () => {
      if (stream.isWanted && stream.wire === null) this.#open(stream);
    });
  }

  /** Who comes back with an id goes on from there, unless it is told otherwise at once. */
  #checkBeginning(stream: Stream, event: string): void {
    const { cameWith, lastId, topic } = stream;
    stream.cameWith = null;
    if (cameWith === null || cameWith === "" || cameWith === lastId) return;
    if (event === "troupe:missed" || event === "troupe:reset" || event === "troupe:close") return;
    const details = `${this.name} in ${topic}: it came with ${cameWith}, and goes on at ${lastId}`;
    this.ports.world.fail("a stream goes on where it was", details);
  }

  #event(stream: Stream, block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
    }
    const event = fields.get("event");
    const id = fields.get("id");
    if (event === undefined) return;
    const data = JSON.parse(fields.get("data") ?? "null");
    const follower = this.follower(stream.topic);
    const before = stream.lastId;
    this.#checkBeginning(stream, event);
    if (id !== undefined) stream.lastId = id;
    const at = (id ?? "").lastIndexOf(":");
    const [epoch, offset] = at < 0 ? [null, null] : [id!.slice(0, at), Number(id!.slice(at + 1))];
    if (event === "troupe:joined") {
      stream.token = data.token;
      // It is recovered unless something else is said right behind; where it goes on from another place, it is not.
      const isSame = id !== undefined && id === before;
      const recovery = isSame ? "recovered" : null;
      follower.entered({ epoch, offset, recovery, gap: null }, this.ports.life());
      stream.cameWith = before;
    } else if (event === "troupe:missed") follower.missed(data.from, data.to, data.count);
    else if (event === "troupe:close") {
      this.ports.world.note(this.name, `stream of ${stream.topic}: ${data.code}`);
      // One that is told to stay away would: this one begins anew.
      if (id !== undefined) stream.lastId = "";
    } else if (!/^(troupe:|presence_)/.test(event)) {
      follower.received(event, saidOf(data), offset ?? undefined);
    }
  }
}
