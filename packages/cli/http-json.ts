import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { describeError, transient } from '@selvedge/base/errors';
import { LineSplitter } from './up/lines.ts';

export interface JsonRequest {
  /** Where to, and with what credentials: host and port, or a socket path. */
  readonly target: RequestOptions;
  readonly secure: boolean;
  /** What the other side is, for people: `the API server at https://...`. */
  readonly peer: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

export interface JsonResponse {
  readonly status: number;
  readonly body: unknown;
}

const maxBytes = 64 * 1_048_576;

/** @throws transient `Unreachable` when there is no answer, or one that is not JSON */
export async function fetchJson(call: JsonRequest): Promise<JsonResponse> {
  const response = await send(call);
  const text = await readAll(response, call.peer);
  try {
    return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    return { status: response.statusCode ?? 0, body: { message: text.trim().slice(0, 500) } };
  }
}

/**
 * Reads an answer that is one JSON value per line and goes on until the other side ends it or `signal` is aborted.
 * @returns the answer that is no stream, when the status is not 200; undefined at the end of the stream
 * @throws transient `Unreachable`
 */
export async function streamJson(
  call: JsonRequest,
  signal: AbortSignal,
  onValue: (value: unknown) => void,
): Promise<JsonResponse | undefined> {
  const response = await send(call, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (response === undefined) return undefined;
  if (response.statusCode !== 200) {
    const text = await readAll(response, call.peer);
    return { status: response.statusCode ?? 0, body: parseOr(text) };
  }
  const lines = new LineSplitter((line) => {
    if (line.trim() !== '') onValue(JSON.parse(line));
  }, maxBytes);
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) lines.push(chunk as string);
  } catch (error) {
    if (!signal.aborted) throw transient('Unreachable', `Lost ${call.peer}`, error);
  }
  return undefined;
}

function send(call: JsonRequest, signal?: AbortSignal): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = {
    accept: 'application/json',
    ...(call.target.headers as Record<string, string> | undefined),
    ...(body === undefined
      ? {}
      : { 'content-type': call.contentType ?? 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  };
  const options: RequestOptions = {
    ...call.target,
    method: call.method ?? 'GET',
    path: call.path,
    headers,
    agent: false,
    ...(signal === undefined ? { timeout: call.timeoutMs ?? 10_000 } : { signal }),
  };
  return new Promise((resolve, reject) => {
    const request = (call.secure ? httpsRequest : httpRequest)(options, resolve);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${call.timeoutMs ?? 10_000} ms`)));
    request.on('error', (error) =>
      reject(transient('Unreachable', `Cannot reach ${call.peer}: ${describeError(error)}`)),
    );
    request.end(body);
  });
}

async function readAll(response: IncomingMessage, peer: string): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      text += chunk as string;
      if (text.length > maxBytes) throw new Error(`its answer is larger than ${maxBytes} bytes`);
    }
  } catch (error) {
    throw transient('Unreachable', `Lost ${peer}`, error);
  }
  return text;
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.trim().slice(0, 500) };
  }
}
