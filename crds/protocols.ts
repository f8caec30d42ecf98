import type { ProtocolSchema } from '@selvedge/contract/protocol-schema';
import { modbusSchema } from '@selvedge/mapper-modbus/schema';

/** The protocols whose mappers are part of this product. */
export const protocolSchemas: readonly ProtocolSchema[] = [modbusSchema];
