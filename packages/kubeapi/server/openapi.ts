import { openApiIndex, openApiV3 } from '../openapi/documents.ts';
import { openApiV2 } from '../openapi/v2.ts';
import { openApiV2Protobuf, v2ProtobufAccepted, v2ProtobufType } from '../openapi/v2-protobuf.ts';
import type { Registry } from '../resources/registry.ts';
import { json, pageNotFound, type Reply } from './reply.ts';

/** `/openapi/v2` and `/openapi/v3/...`; undefined for any other path. Built when asked for: clients keep what they were given. */
export function openApiReply(path: string, accept: string, registry: Registry): Reply | undefined {
  const [root, version, ...rest] = path.split('/').filter((part) => part !== '');
  if (root !== 'openapi') return undefined;
  const resources = registry.all();
  if (version === 'v2' && rest.length === 0) {
    const document = openApiV2(resources);
    if (!accept.includes(v2ProtobufAccepted)) return json(document);
    return { code: 200, type: v2ProtobufType, body: openApiV2Protobuf(document) };
  }
  if (version !== 'v3') return pageNotFound();
  if (rest.length === 0) return json(openApiIndex(resources));
  const [kind, group = '', groupVersion = ''] = rest;
  const document =
    kind === 'api' && rest.length === 2
      ? openApiV3(resources, '', group)
      : kind === 'apis' && rest.length === 3
        ? openApiV3(resources, group, groupVersion)
        : undefined;
  return document === undefined ? pageNotFound() : json(document);
}
