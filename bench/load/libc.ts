/**
 * Sockets by the C library, for the load alone: it has to cost less than the server that it drives, and a promise for
 * each read does not. Linux only, like all that reads `/proc`.
 *
 * @module
 */

const AF_INET = 2, SOCK_STREAM = 1, SOCK_NONBLOCK = 0o4000, IPPROTO_TCP = 6, TCP_NODELAY = 1;
const TCP_MAXSEG = 2, SOL_SOCKET = 1, SO_RCVBUF = 8, SO_LINGER = 13, SHUT_WR = 1;
const IPPROTO_IP = 0, IP_BIND_ADDRESS_NO_PORT = 24, MSG_NOSIGNAL = 0x4000;
const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLLIN = 1, EPOLLOUT = 4;

/** How many events one wait takes. */
const MAX_EVENTS = 1_024;
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = EVENT_BYTES - 8;

const { symbols: c } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
});

/**
 * Begins to connect to `port` of 127.0.0.1 from the address 127.0.0.`from`. The result is the socket's number.
 * `receiveBytes`: how much the system takes in for a socket that is not read; 0: what it likes. `segmentBytes`: the
 * largest segment; on loopback it is 64 KiB if nobody says otherwise, and the sender's buffer is megabytes then.
 */
export function connect(port: number, from: number, receiveBytes = 0, segmentBytes = 0): number {
  const fd = checked("socket", c.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  setNumber(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  setNumber(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (receiveBytes > 0) setNumber(fd, SOL_SOCKET, SO_RCVBUF, receiveBytes);
  if (segmentBytes > 0) setNumber(fd, IPPROTO_TCP, TCP_MAXSEG, segmentBytes);
  checked("bind", c.bind(fd, address(from, 0), 16));
  c.connect(fd, address(1, port), 16); // "in progress" is no fault; a real one shows when it is written to
  return fd;
}

/** Reads into `buffer`. The number of bytes; 0 at the end; negative if there is nothing. */
export function receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return c.recv(fd, buffer, buffer.length, 0);
}

/** Writes what the system takes of the first `length` bytes. Negative if it takes nothing now. */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>, length: number): number {
  return c.send(fd, bytes, length, MSG_NOSIGNAL);
}

/** Closes a socket. */
export function close(fd: number): void {
  c.close(fd);
}

/** Ends what goes out, and nothing else: the peer reads to the end, and may go on writing. */
export function endWriting(fd: number): void {
  c.shutdown(fd, SHUT_WR);
}

/** Closes a socket so that its peer sees a reset: what is on its way, in either direction, is lost. */
export function reset(fd: number): void {
  const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
  c.setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, linger.length);
  c.close(fd);
}

/** Waits for many sockets at a time. */
export class Poll {
  readonly #fd = checked("epoll_create1", c.epoll_create1(0));
  readonly #events = new Uint8Array(MAX_EVENTS * EVENT_BYTES);
  readonly #view = new DataView(this.#events.buffer);
  readonly #event = new Uint8Array(EVENT_BYTES);

  /** Watches a socket: that it can be read, and if `writable`, that it can be written. */
  add(fd: number, writable: boolean): void {
    this.#control(EPOLL_CTL_ADD, fd, writable);
  }

  /** Changes what is watched. */
  change(fd: number, writable: boolean): void {
    this.#control(EPOLL_CTL_MOD, fd, writable);
  }

  /** Watches a socket no more: nobody reads it from now on. */
  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, false);
  }

  /** Waits up to `timeoutMs`, and calls `ready` for each socket that is. */
  wait(timeoutMs: number, ready: (fd: number, readable: boolean, writable: boolean) => void): void {
    const count = c.epoll_wait(this.#fd, this.#events, MAX_EVENTS, timeoutMs);
    for (let i = 0; i < count; i++) {
      const events = this.#view.getUint32(i * EVENT_BYTES, true);
      const fd = this.#view.getInt32(i * EVENT_BYTES + DATA_OFFSET, true);
      ready(fd, (events & ~EPOLLOUT) !== 0, (events & EPOLLOUT) !== 0);
    }
  }

  #control(operation: number, fd: number, writable: boolean): void {
    const view = new DataView(this.#event.buffer);
    view.setUint32(0, writable ? EPOLLIN | EPOLLOUT : EPOLLIN, true);
    view.setInt32(DATA_OFFSET, fd, true);
    checked("epoll_ctl", c.epoll_ctl(this.#fd, operation, fd, this.#event));
  }
}

/** `struct sockaddr_in` of 127.0.0.`last`. */
function address(last: number, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port, false);
  bytes.set([127, 0, 0, last], 4);
  return bytes;
}

function setNumber(fd: number, level: number, option: number, value: number): void {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  c.setsockopt(fd, level, option, bytes, bytes.length);
}

function checked(call: string, result: number): number {
  if (result < 0) {
    throw new Error(`The load cannot go on: ${call} failed. Too many open files? See ulimit -n`);
  }
  return result;
}
