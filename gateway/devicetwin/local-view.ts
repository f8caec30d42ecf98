import type { LocalDevice } from '@selvedge/contract/gateway-api';
import { stateOf } from './health.ts';
import type { Twin } from './twin-state.ts';

/** A twin as the local API shows it. Pure. */
export function localView({ durable, live }: Twin): LocalDevice {
  const units = new Map(durable.resolved?.properties.map((property) => [property.name, property.unit]));
  return {
    namespace: durable.namespace,
    name: durable.name,
    uid: durable.uid,
    generation: durable.generation,
    protocol: durable.resolved?.protocol ?? '',
    state: stateOf(live.health),
    health: live.health,
    properties: Object.entries(durable.properties).map(([name, { desired, lastWrite }]) => {
      const unit = units.get(name);
      const reported = live.reported[name];
      return {
        name,
        ...(unit === undefined ? {} : { unit }),
        ...(desired ? { desired: { value: desired.value, revision: desired.revision, origin: desired.origin } } : {}),
        ...(reported ? { reported } : {}),
        ...(lastWrite ? { lastWrite } : {}),
      };
    }),
  };
}
