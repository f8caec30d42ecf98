import { configError } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import { type ListenAddress, parseAddress } from '../transport/address.ts';
import type { Plant } from './plant.ts';

/**
 * Gives the first TCP port of the plant the number `base`, and further ones the numbers after it: lines in the order of
 * the file, then the control API. With base 0 each takes any free port.
 * @throws configError `InvalidAddress` when the last would be past 65535
 */
export function withPortBase(plant: Plant, base: number): Plant {
  let next = base;
  const moved = <Address extends ListenAddress>(address: Address): Address => {
    if (address.scheme !== 'tcp') return address;
    if (next > 65_535) throw configError('InvalidAddress', `Cannot move ports to ${base} and on: past 65535`);
    return { ...address, port: base === 0 ? 0 : next++ };
  };
  const lines = plant.lines.map((line) => ({ ...line, listen: moved(line.listen) }));
  return { ...plant, lines, control: plant.control && moved(plant.control) };
}

/**
 * Moves one line: `modbus=tcp:127.0.0.1:1502` the first one, `NAME=...` the one of that name.
 * @throws configError `InvalidAddress`, `UnknownLine`
 */
export function withListen(plant: Plant, text: string): Plant {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0));
  const names = plant.lines.map((line) => line.name);
  const index = names.includes(name) ? names.indexOf(name) : name === 'modbus' ? 0 : -1;
  if (index < 0) {
    const near = nearest(name, names);
    const hint =
      near === undefined ? `write LINE=ADDRESS, with LINE one of ${names.join(', ')}` : `did you mean "${near}"?`;
    throw configError('UnknownLine', `Cannot move line "${name}" of "${text}": there is no such line; ${hint}`);
  }
  const listen = parseAddress(text.slice(at + 1), ['tcp', 'pty']);
  return { ...plant, lines: plant.lines.map((line, position) => (position === index ? { ...line, listen } : line)) };
}
