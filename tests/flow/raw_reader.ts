/** A client that reads only when it is told to, as no WebSocket of a runtime does. */
export class RawReader {
  readonly #tcp: Deno.TcpConn;
  readonly #chunk = new Uint8Array(1 << 18);
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  private constructor(tcp: Deno.TcpConn) {
    this.#tcp = tcp;
  }

  /** Connects to `path` of a server on this machine. */
  static async open(port: number, path: string): Promise<RawReader> {
    const reader = new RawReader(await Deno.connect({ hostname: "127.0.0.1", port }));
    await reader.#write(new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    let head = "";
    while (!head.endsWith("\r\n\r\n")) head += String.fromCharCode(...await reader.#read(1));
    if (!head.startsWith("HTTP/1.1 101")) throw new Error(`refused: ${head}`);
    return reader;
  }

  /** Sends a short text. */
  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > 125) throw new Error("too long for this client");
    await this.#write(new Uint8Array([0x81, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes])); // a mask of 0 masks nothing
  }

  /** The next message: a text, or the code of a close. */
  async next(): Promise<string | number> {
    const [first, short] = await this.#read(2);
    let length = short;
    if (short === 126) length = new DataView((await this.#read(2)).buffer).getUint16(0);
    if (short === 127) length = Number(new DataView((await this.#read(8)).buffer).getBigUint64(0));
    const bytes = await this.#read(length);
    return first === 0x88 ? new DataView(bytes.buffer).getUint16(0) : new TextDecoder().decode(bytes);
  }

  close(): void {
    this.#tcp.close();
  }

  async #read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const parts = [this.#rest];
    for (let length = this.#rest.length; length < count;) {
      const got = await this.#tcp.read(this.#chunk);
      if (got === null) throw new Error("The server ended the connection");
      parts.push(this.#chunk.slice(0, got));
      length += got;
    }
    const all = parts.length === 1 ? parts[0] : new Uint8Array(await new Blob(parts).arrayBuffer());
    this.#rest = all.subarray(count);
    return all.slice(0, count);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#tcp.write(bytes.subarray(at));
  }
}
