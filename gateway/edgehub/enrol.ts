import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { configError, describeError, type FieldError, transient } from '@selvedge/base/errors';
import { enrolment, nodeCommonName, parseToken } from '@selvedge/contract/enrolment';
import type { Credentials } from './credentials.ts';

/** Longest answer of the enrolment server that is read, bytes: a certificate has about one thousand. */
const maxAnswerBytes = 65_536;
const requestTimeoutMs = 10_000;

export interface EnrolOptions {
  readonly host: string;
  /** Port of the enrolment server (KubeEdge: 10002). */
  readonly port: number;
  readonly token: string;
  readonly node: string;
}

/**
 * Gets a certificate for a node (KubeEdge's enrolment, step by step): the CA without trust, checked against the hash in the
 * token; then, trusting that CA alone, a certificate for a key that never leaves this box.
 * @throws configError `InvalidToken`, `WrongCa`, `EnrolmentRefused`; transient `EnrolmentUnreachable`
 */
export async function enrol(options: EnrolOptions): Promise<Credentials> {
  const token = parseToken(options.token);
  const where = `${options.host}:${options.port}`;
  const ca = await call(options, { path: enrolment.caPath, method: 'GET', rejectUnauthorized: false });
  if (ca.status !== 200) throw refused(where, enrolment.caPath, ca);
  const hash = createHash('sha256').update(ca.body).digest('hex');
  if (hash !== token.caHash) {
    const reason = `its CA has sha256 ${hash.slice(0, 12)}..., the token names ${token.caHash.slice(0, 12)}...`;
    throw configError('WrongCa', `Cannot enrol at ${where}: ${reason}; take a token of this cloud (selvedge token)`);
  }
  const caPem = new x509.X509Certificate(new Uint8Array(ca.body)).toString('pem');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: `O=${enrolment.organisation}, CN=${nodeCommonName(options.node)}`, keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const answer = await call(options, {
    path: enrolment.certificatePath,
    method: 'GET',
    ca: caPem,
    headers: { authorization: `Bearer ${token.jwt}`, [enrolment.nodeHeader]: options.node },
    body: Buffer.from(csr.rawData),
  });
  if (answer.status !== 200) throw refused(where, enrolment.certificatePath, answer);
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { ca: caPem, certificate: new x509.X509Certificate(new Uint8Array(answer.body)).toString('pem'), key };
}

interface Call {
  readonly path: string;
  readonly method: string;
  readonly ca?: string;
  readonly rejectUnauthorized?: boolean;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** node:https, since fetch refuses the body on a GET that KubeEdge wants. */
function call(options: EnrolOptions, wanted: Call): Promise<Answer> {
  const where = `${options.host}:${options.port}`;
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(transient('EnrolmentUnreachable', `Cannot enrol at ${where}: ${reason}`));
    const { body, headers, ...rest } = wanted;
    const outgoing = request(
      {
        host: options.host,
        port: options.port,
        agent: false,
        timeout: requestTimeoutMs,
        ...rest,
        headers: { ...headers, ...(body ? { 'content-length': String(body.byteLength) } : {}) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes > maxAnswerBytes) outgoing.destroy(new Error(`its answer is longer than ${maxAnswerBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', (error) => fail(describeError(error)));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${requestTimeoutMs} ms`)));
    outgoing.on('socket', (socket) => (socket as TLSSocket).setNoDelay(true));
    outgoing.on('error', (error) => fail(describeError(error)));
    outgoing.end(body);
  });
}

function refused(where: string, path: string, answer: Answer): FieldError {
  const text = answer.body.toString('utf8', 0, 300).trim();
  const advice = answer.status === 401 ? '; the token may have expired, take a new one (selvedge token)' : '';
  return configError(
    'EnrolmentRefused',
    `Cannot enrol at ${where}: ${path} answered ${answer.status} "${text}"${advice}`,
  );
}
