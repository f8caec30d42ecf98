/**
 * Watches the bytes of an MQTT connection for a packet above the bound. The broker's parser gathers whole packets, and the
 * protocol allows 256 MiB: a client must be stopped by the length it announces, before the bytes are there.
 */
export class PacketBound {
  readonly #maxBytes: number;
  /** Bytes of the present packet still to come. */
  #left = 0;
  #phase: 'type' | 'length' | 'body' = 'type';
  #shift = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when a packet in `chunk` announces more than is allowed, or its length is malformed. */
  accepts(chunk: Uint8Array): boolean {
    for (let index = 0; index < chunk.length; ) {
      if (this.#phase === 'body') {
        const take = Math.min(this.#left, chunk.length - index);
        this.#left -= take;
        index += take;
        if (this.#left === 0) this.#phase = 'type';
      } else if (!this.#header(chunk[index++] ?? 0)) {
        return false;
      }
    }
    return true;
  }

  /** MQTT 3.1.1, 2.2.3: the remaining length, seven bits a byte, four bytes at most. */
  #header(byte: number): boolean {
    if (this.#phase === 'type') {
      this.#phase = 'length';
      this.#left = 0;
      this.#shift = 0;
      return true;
    }
    this.#left += (byte & 0x7f) * 2 ** this.#shift;
    this.#shift += 7;
    if (this.#left > this.#maxBytes || (byte >= 0x80 && this.#shift >= 28)) return false;
    if (byte < 0x80) this.#phase = this.#left === 0 ? 'type' : 'body';
    return true;
  }
}
