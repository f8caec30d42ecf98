import { isIP } from 'node:net';
import type { networkInterfaces } from 'node:os';
import { configError } from '@selvedge/base/errors';

/**
 * Everything a gateway may call this cloud by: what the operator names, this box's own name and addresses, loopback. A name
 * missing from the server certificate is the commonest reason why a gateway cannot join.
 *
 * @param advertise  names and addresses, comma between
 * @throws configError `InvalidSetting` for an entry that is neither an address nor a DNS name
 */
export function advertisedHosts(
  advertise: string,
  hostName: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): string[] {
  const named = advertise
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const wrong = named.find((entry) => isIP(entry) === 0 && !isDnsName(entry));
  if (wrong !== undefined) {
    const expected = 'it must be an address or a DNS name, without port; several with a comma between';
    throw configError('InvalidSetting', `Cannot use setting "advertise" "${wrong}": ${expected}`);
  }
  // A link-local address carries an interface's name (fe80::1%eth0), which no certificate can hold.
  const own = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => address)
    .filter((address) => isIP(address) !== 0 && !address.toLowerCase().startsWith('fe80:'));
  const hosts = [...named, 'localhost', '127.0.0.1', '::1', ...own];
  if (isDnsName(hostName)) hosts.push(hostName);
  return [...new Set(hosts)];
}

const isDnsName = (text: string): boolean =>
  text.length <= 253 &&
  /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/.test(text);
