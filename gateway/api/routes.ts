import { describeError, FieldError } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import { decodeWriteRequest, type GatewayStatus, type LocalDevice } from '@selvedge/contract/gateway-api';
import { type DeviceRef, deviceKey, parseDeviceKey } from '@selvedge/contract/names';

/** What the local API needs of the gateway. */
export interface LocalGateway {
  status(): GatewayStatus;
  devices(): LocalDevice[];
  device(device: DeviceRef): LocalDevice | undefined;
  /** @throws FieldError when the value cannot be written */
  write(device: DeviceRef, property: string, value: string): LocalDevice;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The answer to one request of the local API (contract/gateway-api.ts) but the watch. Pure but for `gateway`; never throws.
 * @param path  without the query
 * @param body  text of the request's body
 */
export function answer(gateway: LocalGateway, method: string, path: string, body: string): Answer {
  try {
    return route(gateway, method, path, body);
  } catch (error) {
    return failure(error);
  }
}

function route(gateway: LocalGateway, method: string, path: string, body: string): Answer {
  const [version, things, ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  if (version === 'v1' && things === 'status' && rest.length === 0) {
    return allowed('GET', method, path) ?? { status: 200, body: gateway.status() };
  }
  if (version === 'v1' && things === 'devices') {
    if (rest.length === 0) return allowed('GET', method, path) ?? { status: 200, body: { items: gateway.devices() } };
    const device = parseDeviceKey(`${rest[0] ?? ''}/${rest[1] ?? ''}`);
    if (rest.length === 2) return allowed('GET', method, path) ?? found(gateway, device);
    if (rest.length === 4 && rest[2] === 'properties') {
      return allowed('PUT', method, path) ?? write(gateway, device, rest[3] ?? '', body);
    }
  }
  return { status: 404, body: { code: 'NotFound', message: `Cannot ${method} "${path}": there is no such path` } };
}

function allowed(wanted: string, method: string, path: string): Answer | undefined {
  if (method === wanted) return undefined;
  return {
    status: 405,
    body: { code: 'MethodNotAllowed', message: `Cannot ${method} "${path}": only ${wanted} is allowed` },
  };
}

function found(gateway: LocalGateway, device: DeviceRef): Answer {
  const view = gateway.device(device);
  if (view) return { status: 200, body: view };
  const key = deviceKey(device);
  const near = nearest(key, gateway.devices().map(deviceKey));
  const hint = near ? `; did you mean "${near}"?` : '';
  return { status: 404, body: { code: 'NotFound', message: `Cannot find device "${key}" on this gateway${hint}` } };
}

function write(gateway: LocalGateway, device: DeviceRef, property: string, body: string): Answer {
  if (!gateway.device(device)) return found(gateway, device);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    const message = `Cannot write "${deviceKey(device)}/${property}": the body is not JSON: ${describeError(error)}`;
    return { status: 400, body: { code: 'Malformed', message } };
  }
  return { status: 200, body: gateway.write(device, property, decodeWriteRequest(parsed).value) };
}

function failure(error: unknown): Answer {
  if (error instanceof FieldError) {
    const status = error.kind === 'rejected' ? 422 : error.code === 'NotFound' ? 404 : 400;
    return { status, body: { code: error.code, message: error.message } };
  }
  if (error instanceof URIError)
    return { status: 400, body: { code: 'Malformed', message: 'Cannot read path: bad escape' } };
  return { status: 500, body: { code: 'Bug', message: describeError(error) } };
}
