import { configError, describeError } from '@selvedge/base/errors';

/** Longest payload that is read from the bus, bytes. */
export const maxPayloadBytes = 1_048_576;

/** Deepest nesting that is read; Kubernetes objects stay far below. Past some thousands `JSON.stringify` overflows the stack. */
export const maxJsonDepth = 200;

/**
 * The JSON value in a text from outside.
 * @throws configError `Malformed` when it is not JSON, or nested deeper than {@link maxJsonDepth}
 */
export function parseJsonText(what: string, text: string): unknown {
  if (depthOf(text) > maxJsonDepth) {
    throw configError('Malformed', `Cannot read ${what}: it is nested deeper than ${maxJsonDepth} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw configError('Malformed', `Cannot read ${what}: "${text.slice(0, 60)}" is not JSON: ${describeError(error)}`);
  }
}

/**
 * The JSON value in a payload.
 * @throws configError `Malformed` when it is longer than {@link maxPayloadBytes}, not JSON or too deep
 */
export function parseJsonPayload(what: string, payload: Uint8Array): unknown {
  if (payload.byteLength > maxPayloadBytes) {
    throw configError(
      'Malformed',
      `Cannot read ${what}: ${payload.byteLength} bytes are too many, at most ${maxPayloadBytes}`,
    );
  }
  return parseJsonText(what, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
}

/** Levels of brackets that are open at once, outside strings; of no meaning when the text is not JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) index++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x5b || character === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (character === 0x5d || character === 0x7d) depth--;
  }
  return deepest;
}
