/** Where the payload of a frame from a server lies (RFC 6455, section 5.2): one for all, so that reading makes nothing. */
export class FrameHead {
  /** Where the payload begins. */
  payload = 0;
  /** Where it ends. */
  end = 0;

  /** Reads the head of the frame at `start`. `false`: it is not whole by `end`. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2) return false;
    let length = bytes[start + 1];
    let payload = start + 2;
    if (length === 126) {
      if (end - start < 4) return false;
      length = bytes[start + 2] << 8 | bytes[start + 3];
      payload += 2;
    } else if (length === 127) {
      if (end - start < 10) return false;
      length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 6, false);
      payload += 8;
    }
    this.payload = payload;
    this.end = payload + length;
    return this.end <= end;
  }
}
