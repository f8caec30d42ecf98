import { configError } from '@selvedge/base/errors';
import { type Static, Type } from '@sinclair/typebox';
import { parseJsonText } from './json-payload.ts';
import { decoder } from './schema.ts';

/**
 * One message on the cloud-edge link as it stands on the wire: KubeEdge's beehive Message, one JSON object in one WebSocket
 * text frame. Fields that are not named here are kept.
 */
export const LinkFrameSchema = Type.Object({
  header: Type.Object({
    msg_id: Type.String({ minLength: 1, maxLength: 128 }),
    /** In answers and acknowledgements: the msg_id answered. */
    parent_msg_id: Type.Optional(Type.String({ maxLength: 128 })),
    /** ms since the epoch */
    timestamp: Type.Number(),
    /** On what goes down and wants to be acknowledged. */
    resourceversion: Type.Optional(Type.String({ maxLength: 64 })),
    sync: Type.Optional(Type.Boolean()),
  }),
  route: Type.Object({
    source: Type.String({ maxLength: 128 }),
    group: Type.String({ maxLength: 128 }),
    operation: Type.Optional(Type.String({ maxLength: 64 })),
    resource: Type.Optional(Type.String({ maxLength: 1024 })),
  }),
  content: Type.Optional(Type.Unknown()),
});
export type LinkFrame = Static<typeof LinkFrameSchema>;

/** Longest frame that is read or sent, bytes: a Device with thousands of properties is far below, KubeEdge's packer allows 32 MiB. */
export const maxFrameBytes = 4 * 1_048_576;

const decode = decoder('link frame', LinkFrameSchema);

/**
 * Text of a WebSocket frame as a link frame.
 * @throws configError `FrameTooLong`, `Malformed`: not JSON, too deep, or without a usable header and route
 */
export function decodeFrame(text: string): LinkFrame {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxFrameBytes) {
    throw configError('FrameTooLong', `Cannot read link frame: ${bytes} bytes are too many, at most ${maxFrameBytes}`);
  }
  return decode(parseJsonText('link frame', text));
}

export const encodeFrame = (frame: LinkFrame): string => JSON.stringify(frame);

/** Go writes bytes and already encoded JSON as text: content as an object, whether it came as one or as JSON in a string. */
export function contentObject(frame: LinkFrame): unknown {
  if (typeof frame.content !== 'string') return frame.content;
  try {
    return parseJsonText('content of a link frame', frame.content);
  } catch {
    return frame.content;
  }
}
