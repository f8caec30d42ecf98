import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { UserInfo } from '../objects/admission.ts';

const authenticated = 'system:authenticated';

/**
 * Who asks: the owner of a client certificate that our CA signed, or of the bearer token. Nothing for anybody else.
 * There is one user and it may do everything: this server belongs to one box.
 */
export function userOf(request: IncomingMessage, token: string): UserInfo | undefined {
  const socket = request.socket as TLSSocket;
  if (socket.authorized) {
    const { subject } = socket.getPeerCertificate();
    if (subject !== undefined) {
      const groups = subject.O === undefined ? [] : ([] as string[]).concat(subject.O);
      return { username: String(subject.CN), groups: [...groups, authenticated] };
    }
  }
  const [scheme, given] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || given === undefined || !same(given, token)) return undefined;
  return { username: adminName, groups: [adminGroup, authenticated] };
}

export const adminName = 'kubernetes-admin';
export const adminGroup = 'system:masters';

function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
