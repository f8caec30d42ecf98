import { type FieldError, rejected } from '@selvedge/base/errors';

/** OpenSSL's words, as Node gives them, for a certificate that the kept CA does not vouch for. */
const untrusted: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  // A new CA of the same name: its key is another one.
  'CERT_SIGNATURE_FAILURE',
]);

/** What a failed TLS handshake says about who is at the other end; undefined when it is another failure. */
export function strangeCloud(address: string, error: unknown): FieldError | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!untrusted.has(code)) return undefined;
  const remedy = 'if it was set up anew, join again with `selvedge join --token` and a new token of it';
  const reason = `it is not the cloud that this gateway joined, its CA is another one (${code}); ${remedy}`;
  return rejected('CloudChanged', `Cannot connect to ${address}: ${reason}`);
}
