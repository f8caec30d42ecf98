import type { KeyObject } from 'node:crypto';
import { request } from 'node:https';

export interface EnrolRequest {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes as the body of the GET, as EdgeCore sends it. */
  readonly body?: Buffer;
  readonly ca?: string;
  readonly identity?: { readonly cert: string; readonly key: string };
}

/** One request to the enrolment port. */
export function enrolRequest(options: EnrolRequest): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: options.port,
        path: options.path,
        method: 'GET',
        agent: false,
        ...(options.ca ? { ca: options.ca } : { rejectUnauthorized: false }),
        ...options.identity,
        headers: { ...options.headers, ...(options.body ? { 'content-length': options.body.length } : {}) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

export const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

export const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
