/** What a PostgreSQL client says, message by message: https://www.postgresql.org/docs/current/protocol-message-formats.html */

/** One message as it came, with its type letter; null for the first of a connection, which has none. */
export interface FrontendMessage {
  type: string | null;
  bytes: Buffer;
}

/** Cuts a client's stream into messages. */
export class FrontendStream {
  private rest: Buffer = Buffer.alloc(0);
  private isStarted = false;

  /** @returns the messages that are complete with this chunk */
  push(chunk: Buffer): FrontendMessage[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const complete: FrontendMessage[] = [];
    for (;;) {
      const lengthAt = this.isStarted ? 1 : 0;
      if (this.rest.length < lengthAt + 4) return complete;
      const end = lengthAt + this.rest.readInt32BE(lengthAt);
      if (this.rest.length < end) return complete;
      const type = this.isStarted ? String.fromCharCode(this.rest[0]!) : null;
      complete.push({ type, bytes: this.rest.subarray(0, end) });
      this.rest = this.rest.subarray(end);
      this.isStarted = true;
    }
  }
}

function textAt(bytes: Buffer, at: number): { text: string; next: number } {
  const end = bytes.indexOf(0, at);
  return { text: bytes.toString('utf8', at, end), next: end + 1 };
}

/** A Parse message's statement name and text. */
export function readParse({ bytes }: FrontendMessage): { name: string; text: string } {
  const name = textAt(bytes, 5);
  return { name: name.text, text: textAt(bytes, name.next).text };
}

/** A simple query's text. */
export function readQuery({ bytes }: FrontendMessage): string {
  return textAt(bytes, 5).text;
}

/** A Bind message's statement name and its parameters as text; a null is left out. */
export function readBind({ bytes }: FrontendMessage): { name: string; params: string[] } {
  const portal = textAt(bytes, 5);
  const name = textAt(bytes, portal.next);
  let at = name.next + 2 + 2 * bytes.readInt16BE(name.next);
  const count = bytes.readInt16BE(at);
  at += 2;
  const params: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) continue;
    params.push(bytes.toString('utf8', at, at + length));
    at += length;
  }
  return { name: name.text, params };
}

/** True when the server's bytes end with ReadyForQuery: it has carried out all that it was told. */
export function isReady(chunk: Buffer): boolean {
  const at = chunk.length - 6;
  return at >= 0 && chunk[at] === 0x5a && chunk.readInt32BE(at + 1) === 5;
}
