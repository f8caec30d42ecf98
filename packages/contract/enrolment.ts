import { configError } from '@selvedge/base/errors';

/** KubeEdge's enrolment on port 10002 (HTTPS); paths, headers and names as CloudCore has them. */
export const enrolment = {
  caPath: '/ca.crt',
  certificatePath: '/edge.crt',
  nodePath: '/node/',
  nodeHeader: 'nodename',
  organisation: 'system:nodes',
} as const;

/** Enrolment listens this many ports above the hub, as KubeEdge's 10002 does above 10000. */
export const enrolmentPortOffset = 2;

/** Common name of a node's certificate. A certificate speaks for that node alone. */
export const nodeCommonName = (node: string): string => `system:node:${node}`;

/** The node that a certificate's common name speaks for, or undefined when it is no node's. */
export function nodeOfCommonName(commonName: string): string | undefined {
  const prefix = 'system:node:';
  return commonName.startsWith(prefix) && commonName.length > prefix.length
    ? commonName.slice(prefix.length)
    : undefined;
}

/** A token to join with: which CA to trust, and the right to ask it for a certificate. */
export interface JoinToken {
  /** sha256 of the CA certificate's DER, lower-case hex. */
  readonly caHash: string;
  /** HS256, signed with the CA's key; its claims carry `exp`. */
  readonly jwt: string;
}

export const formatToken = (token: JoinToken): string => `${token.caHash}.${token.jwt}`;

/** @throws configError `InvalidToken` when it is not `<64 hex>.<three parts of a JWT>`; the token itself is never quoted */
export function parseToken(text: string): JoinToken {
  const match = /^([0-9a-f]{64})\.([\w-]+\.[\w-]+\.[\w-]+)$/.exec(text.trim());
  if (!match?.[1] || !match[2]) {
    const shape = 'it must be <sha256 of the CA>.<JWT>, four parts with dots between; print one with `selvedge token`';
    throw configError('InvalidToken', `Cannot use this token of ${text.trim().length} characters: ${shape}`);
  }
  return { caHash: match[1], jwt: match[2] };
}
