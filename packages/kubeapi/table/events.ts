import type { JsonObject } from '../json.ts';
import { ago } from './age.ts';
import { at, mapAt, numberAt, textAt } from './fields.ts';
import { name, type Printer, text, wide } from './printer.ts';

/** The table of v1 events; alone among the built-in ones it does not begin with the name. */
export const eventPrinter: Printer = {
  columns: [
    text('Last Seen'),
    text('Type'),
    text('Reason'),
    text('Object'),
    wide('Subobject'),
    wide('Source'),
    text('Message'),
    wide('First Seen'),
    { name: 'Count', type: 'integer', priority: 1 },
    wide('Name'),
  ],
  cells: (event, now) => {
    const first = at(event, 'firstTimestamp') ?? at(event, 'eventTime');
    const series = at(event, 'series') === undefined ? undefined : mapAt(event, 'series');
    const last = series === undefined ? (at(event, 'lastTimestamp') ?? first) : at(series, 'lastObservedTime');
    return [
      ago(last, now),
      textAt(event, 'type'),
      textAt(event, 'reason'),
      objectOf(event),
      textAt(event, 'involvedObject', 'fieldPath'),
      sourceOf(event),
      textAt(event, 'message').trim(),
      ago(first, now),
      // An event of the new kind that happened once has no count.
      series === undefined ? numberAt(event, 'count') || 1 : numberAt(series, 'count'),
      name(event),
    ];
  },
};

function objectOf(event: JsonObject): string {
  const kind = textAt(event, 'involvedObject', 'kind').toLowerCase();
  const object = textAt(event, 'involvedObject', 'name');
  return object === '' ? kind : `${kind}/${object}`;
}

function sourceOf(event: JsonObject): string {
  const component = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent');
  const host = textAt(event, 'source', 'host') || textAt(event, 'reportingInstance');
  return [component, host].filter((part) => part !== '').join(', ');
}
