import { configError, describeError } from '@selvedge/base/errors';

/** Longest payload that is read from the bus, bytes. */
export const maxPayloadBytes = 1_048_576;

/**
 * The JSON value in a payload.
 * @throws configError `Malformed` when it is longer than {@link maxPayloadBytes} or not JSON
 */
export function parseJsonPayload(what: string, payload: Uint8Array): unknown {
  if (payload.byteLength > maxPayloadBytes) {
    throw configError(
      'Malformed',
      `Cannot read ${what}: ${payload.byteLength} bytes are too many, at most ${maxPayloadBytes}`,
    );
  }
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw configError('Malformed', `Cannot read ${what}: "${text.slice(0, 60)}" is not JSON: ${describeError(error)}`);
  }
}
