import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Objects } from '../objects/objects.ts';
import { protobufType } from '../protobuf/decode.ts';
import { type Answer, locate, type Parts, serve } from './api.ts';
import { userOf } from './auth.ts';
import { aggregated, coreVersions, groupList, groupOf, resourceList } from './discovery.ts';
import { openApiReply } from './openapi.ts';
import { digest } from './read.ts';
import { indented, json, pageNotFound, type Reply, replyTo, text, wantsIndent, warningHeaders } from './reply.ts';
import { type ApiRequest, parsePath } from './request.ts';
import { methodNotAllowed, StatusError, unauthorized } from './status.ts';
import { versionInfo } from './version.ts';

export interface RouterOptions extends Parts {
  readonly token: string;
  readonly log: Logger;
  /** `host:port`, for `/api`. */
  readonly address: () => string;
}

/** Answers every path. What is no resource is small and read-only; the rest goes to {@link serve}. */
export function installRoutes(app: FastifyInstance, options: RouterOptions): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) =>
    send(request, reply, { reply: replyTo(framework(error)), warnings: [] }),
  );
  app.all('/*', (request, reply) => handle(request, reply, options));
}

async function handle(request: FastifyRequest, reply: FastifyReply, options: RouterOptions): Promise<FastifyReply> {
  let answer = await attempt(request, options, () => answerTo(request, reply, options));
  if (answer === undefined) return reply.hijack();
  // No answer, not even a refusal, tells of something that a loss of power in the next moment would undo.
  const lost = await attempt(request, options, () => options.objects.store.settled());
  if (lost !== undefined) answer = lost;
  return send(request, reply, answer);
}

/** What `act` answers, or the answer to its failure. */
async function attempt<Result>(
  request: FastifyRequest,
  options: RouterOptions,
  act: () => Promise<Result>,
): Promise<Result | NonNullable<Answer>> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof StatusError)) {
      options.log.error('request failed', {
        method: request.method,
        path: request.url,
        error: describeError(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
    }
    return { reply: replyTo(error), warnings: [] };
  }
}

function send(request: FastifyRequest, reply: FastifyReply, answer: NonNullable<Answer>): FastifyReply {
  const { code, type, body, headers } = answer.reply;
  if (answer.warnings.length > 0) reply.header('warning', warningHeaders(answer.warnings));
  if (headers !== undefined) reply.headers(headers);
  const url = new URL(request.url, 'https://server');
  const indent =
    type.startsWith('application/json') && wantsIndent(url.searchParams, request.headers['user-agent'] ?? '');
  const answered = reply.code(code).header('content-type', type).header('cache-control', 'no-cache, private');
  // As bytes: to text fastify adds a charset, which the original does not send.
  if (typeof body !== 'string') return answered.send(Buffer.from(body));
  const text = indent ? indented(body) : type.startsWith('application/json') ? `${body}\n` : body;
  return answered.send(Buffer.from(text));
}

async function answerTo(request: FastifyRequest, reply: FastifyReply, options: RouterOptions): Promise<Answer> {
  const url = new URL(request.url, 'https://server');
  const path = url.pathname.replace(/\/+$/, '') || '/';
  if (healthPaths.test(path)) return { reply: text('ok'), warnings: [] };
  const user = userOf(request.raw, options.token);
  if (user === undefined) throw unauthorized();
  const parsed = parsePath(path);
  if (parsed === undefined) {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    return { reply: document(path, request.headers.accept ?? '', options), warnings: [] };
  }
  const resource = locate(parsed, options.objects);
  if ('code' in resource) return { reply: resource, warnings: [] };
  const contentType = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const apiRequest: ApiRequest = {
    ...parsed,
    resource,
    method: request.method === 'HEAD' ? 'GET' : request.method,
    query: url.searchParams,
    accept: request.headers.accept ?? '',
    contentType,
    userAgent: request.headers['user-agent'] ?? '',
    user,
    warnings: [],
    ...bodyOf(request.body, contentType),
  };
  return serve(apiRequest, reply.raw, options);
}

function bodyOf(body: unknown, contentType: string): Pick<ApiRequest, 'bytes' | 'body'> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  return { bytes, body: contentType === protobufType ? '' : bytes.toString() };
}

const healthPaths = /^\/(healthz|livez|readyz)(\/ping)?$/;

/** The read-only documents beside the resources: version and discovery. */
function document(path: string, accept: string, options: RouterOptions): Reply {
  const { objects } = options;
  const { registry } = objects;
  const [root, group, version, more] = path.split('/').filter((part) => part !== '');
  if (path === '/version') return { ...json(versionInfo()), headers: {} };
  if (path === '/api' || path === '/apis') {
    if (prefersAggregated(accept)) return aggregatedReply(objects, path === '/api');
    return json(path === '/api' ? coreVersions(options.address()) : groupList(registry));
  }
  if (path === '/') return json({ paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/readyz', '/version'] });
  const openApi = openApiReply(path, accept, registry);
  if (openApi !== undefined) return openApi;
  if (more !== undefined) return pageNotFound();
  if (root === 'api' && group !== undefined && version === undefined) return found(resourceList(registry, '', group));
  if (root !== 'apis' || group === undefined) return pageNotFound();
  return found(version === undefined ? groupOf(registry, group) : resourceList(registry, group, version));
}

const found = (value: ReturnType<typeof groupOf>): Reply => (value === undefined ? pageNotFound() : json(value));

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Whether the client names the aggregated form before the plain one. */
function prefersAggregated(accept: string): boolean {
  for (const part of accept.split(',').map((one) => one.replace(/\s/g, ''))) {
    if (part.includes('as=APIGroupDiscoveryList') && part.includes('v=v2;')) return true;
    if (part.startsWith('application/json;as=APIGroupDiscoveryList;v=v2;') || part.endsWith(';v=v2')) return true;
    if (part === 'application/json' || part === '*/*') return false;
  }
  return false;
}

function aggregatedReply(objects: Objects, core: boolean): Reply {
  const body = JSON.stringify(aggregated(objects.registry, core));
  return { code: 200, type: aggregatedType, body, headers: { etag: `"${digest(body)}"`, vary: 'Accept' } };
}

/** What fastify refuses before a handler runs. */
function framework(error: unknown): unknown {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new StatusError(statusCode, 'BadRequest', error instanceof Error ? error.message : 'bad request');
  }
  return error;
}
