import { type DestinationStream, pino } from 'pino';
import { describeError } from './errors.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fixed keys such as `device`, `property`, `line`, `node`, `attempt`, `durationMs`, `code`; an error goes under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured log: the message is a constant, what varies stands in the fields.
 * `error`: a person must act. `warn`: degraded, healing. `info`: life-cycle. `debug`: per request.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line; a room binds its own name: `log.child({ room: 'edgehub' })`. */
  child(fields: LogFields): Logger;
}

/** JSON lines, one object a line with `time` (ISO 8601), `level`, `message`. Written to stderr unless told otherwise. */
export function createLogger(options: { name: string; level?: LogLevel; stream?: DestinationStream }): Logger {
  const instance = pino(
    {
      level: options.level ?? 'info',
      base: { process: options.name },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.stream ?? pino.destination({ fd: 2, sync: true }),
  );
  return wrap(instance);
}

function wrap(instance: pino.Logger): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    instance[level](readable(fields ?? {}), message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(instance.child(fields)),
  };
}

/** Errors become their text: a stack belongs to bugs alone, and `JSON.stringify(error)` is `{}`. */
function readable(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    result[key] = value instanceof Error ? describeError(value) : value;
  }
  return result;
}

/** Drops everything. For tests that are not about logging. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
