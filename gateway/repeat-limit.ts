import type { Clock } from '@selvedge/base/clock';
import type { LogFields, Logger } from '@selvedge/base/log';

const quietMs = 60_000;
/** Different messages remembered at the same time; beyond it the oldest is forgotten. */
const maxRemembered = 256;

/**
 * A logger that lets a repeated warning through once a minute, with the number of those held back as `repeated`. What repeats is
 * told by the message and by the fields that say what it is about.
 */
export function limitRepeats(log: Logger, clock: Clock): Logger {
  const seen = new Map<string, { at: number; held: number }>();
  return {
    ...log,
    warn: (message, fields = {}) => {
      const key = `${message}\0${about(fields)}`;
      const now = clock.monotonic();
      const before = seen.get(key);
      if (before && now - before.at < quietMs) {
        before.held++;
        return;
      }
      const [oldest] = seen.keys();
      if (oldest !== undefined && seen.size >= maxRemembered) seen.delete(oldest);
      seen.set(key, { at: now, held: 0 });
      log.warn(message, before && before.held > 0 ? { ...fields, repeated: before.held } : fields);
    },
    child: (fields) => limitRepeats(log.child(fields), clock),
  };
}

const about = (fields: LogFields): string =>
  ['device', 'topic', 'resource', 'mapper', 'what', 'reason', 'client']
    .map((key) => String(fields[key] ?? ''))
    .join('\0');
