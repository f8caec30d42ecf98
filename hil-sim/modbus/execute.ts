import { rejected } from '@selvedge/base/errors';
import type { DeviceMemory } from '../points/memory.ts';
import type { Request, Response } from './pdu.ts';

/**
 * Carries a request out on a device.
 * @throws rejected `IllegalDataAddress` when an address is not there; then nothing was written
 */
export function execute(request: Request, memory: DeviceMemory): Response {
  switch (request.code) {
    case 1:
    case 2: {
      const table = request.code === 1 ? 'coils' : 'discreteInputs';
      const cells = memory.cells(table, request.address, request.quantity);
      return { code: request.code, values: Array.from(cells, (cell) => cell !== 0) };
    }
    case 3:
    case 4: {
      const table = request.code === 3 ? 'holdingRegisters' : 'inputRegisters';
      return { code: request.code, values: [...memory.cells(table, request.address, request.quantity)] };
    }
    case 5:
      memory.cells('coils', request.address, 1)[0] = request.value ? 1 : 0;
      return request;
    case 6:
      memory.cells('holdingRegisters', request.address, 1)[0] = request.value;
      return request;
    case 15: {
      const { address, values } = request;
      memory.cells('coils', address, values.length).set(values.map(Number));
      return { code: 15, address, quantity: values.length };
    }
    case 16: {
      const { address, values } = request;
      memory.cells('holdingRegisters', address, values.length).set(values);
      return { code: 16, address, quantity: values.length };
    }
    case 22: {
      const cells = memory.cells('holdingRegisters', request.address, 1);
      cells[0] = ((cells[0] ?? 0) & request.and) | (request.or & ~request.and);
      return request;
    }
    case 23: {
      // Both ranges are looked up before either is touched; the write comes before the read (6.17).
      const target = memory.cells('holdingRegisters', request.writeAddress, request.values.length);
      const source = memory.cells('holdingRegisters', request.address, request.quantity);
      target.set(request.values);
      return { code: 23, values: [...source] };
    }
    case 43:
      return identification(request.access, request.objectId, memory);
  }
}

/** 6.21: three basic objects; access to the regular or extended level is answered with what there is. */
function identification(access: number, objectId: number, memory: DeviceMemory): Response {
  const { vendor, product, revision } = memory.device.identity;
  const all = [vendor, product, revision].map((text, id) => ({ id, text }));
  // 0x81: basic identification, by stream and object by object.
  const conformity = 0x81;
  if (access === 4) {
    const one = all[objectId];
    if (!one) throw rejected('IllegalDataAddress', `No identification object ${objectId}; known: 0 to 2`);
    return { code: 43, access, conformity, objects: [one] };
  }
  // Streaming from an object that is not there begins at the first.
  return { code: 43, access, conformity, objects: objectId < all.length ? all.slice(objectId) : all };
}
