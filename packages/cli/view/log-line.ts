/** A JSON log line as a person reads it: time, level, process, message, then the fields. Anything else stays as it is. Pure. */
export function logLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null || typeof entry.message !== 'string') return line;
  const { time, level, process, message, ...fields } = entry;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    String(time ?? ''),
    String(level ?? '')
      .toUpperCase()
      .padEnd(5),
    String(process ?? '').padEnd(7),
    message,
    ...rest,
  ].join(' ');
}
