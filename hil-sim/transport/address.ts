import { isAbsolute } from 'node:path';
import { configError } from '@selvedge/base/errors';

/** Where a server listens. One line of text each: `tcp:127.0.0.1:1502`, `pty:/run/plant/bus`, `unix:/run/plant/control`. */
export type ListenAddress = TcpAddress | PtyAddress | UnixAddress;
export interface TcpAddress {
  readonly scheme: 'tcp';
  readonly host: string;
  readonly port: number;
}
export interface PtyAddress {
  readonly scheme: 'pty';
  readonly path: string;
}
export interface UnixAddress {
  readonly scheme: 'unix';
  readonly path: string;
}
/** Where the devices of a line can be. */
export type LineAddress = TcpAddress | PtyAddress;
/** Where the control API can be. */
export type ServerAddress = TcpAddress | UnixAddress;

export type Scheme = ListenAddress['scheme'];
export type AddressOf<S extends Scheme> = Extract<ListenAddress, { readonly scheme: S }>;

/**
 * Reads an address; port 0 means any free port. An IPv6 host stands in brackets.
 * @param schemes  the ones that make sense at this place
 * @throws configError `InvalidAddress`
 */
export function parseAddress<S extends Scheme>(text: string, schemes: readonly S[]): AddressOf<S> {
  const fail = (reason: string) => configError('InvalidAddress', `Cannot listen on "${text}": ${reason}`);
  const at = text.indexOf(':');
  const scheme: Scheme | undefined = schemes.find((known) => known === text.slice(0, Math.max(at, 0)));
  if (scheme === undefined) throw fail(`write ${schemes.map((known) => examples[known]).join(' or ')}`);
  const rest = text.slice(at + 1);
  if (scheme !== 'tcp') {
    if (!isAbsolute(rest)) throw fail('the path must begin with /');
    if (rest.length > 100) throw fail('the path is longer than 100 characters');
    return { scheme, path: rest } as AddressOf<S>;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(rest);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined) throw fail(`write ${examples.tcp}`);
  if (port > 65_535) throw fail('a port is at most 65535');
  return { scheme, host, port } as AddressOf<S>;
}

const examples: Record<Scheme, string> = { tcp: 'tcp:127.0.0.1:1502', pty: 'pty:/path/of/link', unix: 'unix:/path' };

export function formatAddress(address: ListenAddress): string {
  if (address.scheme !== 'tcp') return `${address.scheme}:${address.path}`;
  return `tcp:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
