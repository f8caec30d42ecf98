import { createHash, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { describeError, FieldError, rejected, transient } from '@selvedge/base/errors';
import { enrolment, type JoinToken } from '@selvedge/contract/enrolment';
import { certificateRequest, type NodeIdentity } from './identity.ts';

export interface EnrolTarget {
  readonly host: string;
  readonly port: number;
  readonly node: string;
}

/** Answers are certificates; nothing longer is read. */
const maxAnswerBytes = 65_536;
const timeoutMs = 10_000;

/**
 * Joins a cloud as KubeEdge's edge does: fetches the CA over a connection that proves nothing yet, believes it only when its hash
 * is the token's, then has a certificate for this node signed over a connection that this CA vouches for.
 * @throws transient `CloudUnreachable`; rejected `WrongCa`, `TokenRefused`, `EnrolmentRefused`
 */
export async function enrol(target: EnrolTarget, token: JoinToken): Promise<NodeIdentity> {
  const der = await ask(target, enrolment.caPath, { rejectUnauthorized: false });
  if (createHash('sha256').update(der).digest('hex') !== token.caHash) {
    const hint = 'use a token printed by that cloud, and check that nobody stands between';
    throw rejected('WrongCa', `Cannot join ${address(target)}: its CA is not the one that the token names; ${hint}`);
  }
  const ca = pem(der);
  return askForCertificate(target, { ca, headers: { authorization: `Bearer ${token.jwt}` } });
}

/** A new certificate in place of one that is still valid, which is the proof: no token is needed. @throws as {@link enrol} */
export function renew(target: EnrolTarget, identity: NodeIdentity): Promise<NodeIdentity> {
  const { ca, certificate, key } = identity;
  return askForCertificate(target, { ca, cert: certificate, key });
}

interface Trust {
  readonly rejectUnauthorized?: false;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function askForCertificate(target: EnrolTarget, trust: Trust & { ca: string }): Promise<NodeIdentity> {
  const asked = certificateRequest(target.node);
  const headers = { ...trust.headers, [enrolment.nodeHeader]: target.node };
  const der = await ask(target, enrolment.certificatePath, { ...trust, headers }, asked.der);
  return { ca: trust.ca, certificate: pem(der), key: asked.key };
}

/** KubeEdge takes the request as the body of a GET, which `fetch` refuses to send. */
function ask(target: EnrolTarget, path: string, trust: Trust, body?: Buffer): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    const { host, port } = target;
    const { headers = {}, ...tls } = trust;
    const length = body ? { 'content-length': String(body.length) } : {};
    const options = { host, port, path, method: 'GET', agent: false, timeout: timeoutMs, ...tls } as const;
    const outgoing = request({ ...options, headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) answer.destroy(new Error(`the answer has more than ${maxAnswerBytes} bytes`));
        chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const content = Buffer.concat(chunks);
        if (answer.statusCode === 200) resolve(content);
        else reject(refusal(target, answer.statusCode ?? 0, content.toString('utf8').trim().slice(0, 200)));
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  }).catch((error: unknown) => {
    if (error instanceof FieldError) throw error;
    throw transient('CloudUnreachable', `Cannot join ${address(target)}: ${describeError(error)}; is the cloud there?`);
  });
}

function refusal(target: EnrolTarget, status: number, text: string): FieldError {
  const said = text === '' ? `status ${status}` : `"${text}" (status ${status})`;
  if (status === 401 || status === 403) {
    // A cloud of ours says it itself.
    const hint = text.includes('selvedge token') ? '' : '; print a fresh one with `selvedge token`';
    return rejected(
      'TokenRefused',
      `Cannot join ${address(target)} as "${target.node}": the token was refused: ${said}${hint}`,
    );
  }
  if (status >= 500 || status === 429) {
    return transient('CloudUnreachable', `Cannot join ${address(target)}: the cloud answered ${said}; trying again`);
  }
  return rejected('EnrolmentRefused', `Cannot join ${address(target)} as "${target.node}": the cloud answered ${said}`);
}

const address = ({ host, port }: EnrolTarget): string => `${host}:${port}`;

/** @throws transient when the bytes are no certificate */
function pem(der: Buffer): string {
  try {
    return new X509Certificate(der).toString();
  } catch (error) {
    throw transient('CloudUnreachable', `Cannot join: what came is no certificate: ${describeError(error)}`);
  }
}
