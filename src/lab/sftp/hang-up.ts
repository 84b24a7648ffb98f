import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';

const message = 1;
const protocolError = 2;

interface Packets {
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(length: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** Ends a connection with a reason as text. The library's server can send only a reason code. */
export function hangUp(connection: Connection, socket: Socket, why: string): void {
  const { _packetRW, _cipher } = (connection as unknown as { readonly _protocol: Packets })._protocol;
  const { write } = _packetRW;
  const content = Buffer.alloc(1 + 4 + 4 + why.length + 4); // with an empty language tag
  content[0] = message;
  content.writeUInt32BE(protocolError, 1);
  content.writeUInt32BE(why.length, 5);
  content.write(why, 9);
  const packet = write.alloc(content.length);
  content.copy(packet, write.allocStart);
  _cipher.encrypt(write.finalize(packet));
  socket.end();
}
