import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

const event = (name: string, type: string, reason: string, message: string, object: string) => `apiVersion: v1
kind: Event
metadata: {name: ${name}}
type: ${type}
reason: ${reason}
message: ${message}
involvedObject: {apiVersion: plant.example.com/v1, kind: Pump, name: ${object}, namespace: events}
source: {component: devices}
firstTimestamp: "2020-01-01T00:00:00Z"
lastTimestamp: "2020-01-01T00:10:00Z"
count: 3
`;

/** Ages of events with a fixed time grow from day to day. */
const withoutAges = {
  reason: 'the events are of a fixed day, so their ages depend on today',
  keep: (output: string) =>
    output
      // Not the group of a uid that looks like an age, such as 123d.
      .replaceAll(/(?<![\w-])(?:\d+y\d+d|\d+[dy])(?![\w-])/g, '<age>')
      .replaceAll(/ {2,}/g, '  '),
};

export const events: Scenario = {
  name: 'events',
  files: {
    'all.yaml': [
      pump('north', '{flow: 1}'),
      pump('south', '{flow: 1}'),
      event('north.1', 'Warning', 'WriteRejected', 'Cannot write "north/flow"', 'north'),
      event('north.2', 'Normal', 'Online', 'Answers again', 'north'),
      event('south.1', 'Normal', 'Online', 'Answers', 'south'),
    ].join('---\n'),
    'new.yaml': `apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: north.3}
eventTime: "2020-01-01T00:20:00.000000Z"
type: Normal
reason: Synced
action: Sync
note: All properties are as wanted
regarding: {apiVersion: plant.example.com/v1, kind: Pump, name: north, namespace: events}
reportingController: example.com/devices
reportingInstance: one
`,
    'bad.yaml': event('bad.1', 'Normal', 'Online', 'Answers', 'south').replace(
      'namespace: events',
      'namespace: default',
    ),
    'map.yaml': configMap('one', '{}'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    { name: 'create one of the new kind', kubectl: 'create -f new.yaml' },
    { name: 'the new kind by the old one', kubectl: 'get events.v1. north.3 -o yaml' },
    { name: 'the old kind by the new one', kubectl: 'get events.v1.events.k8s.io north.1 -o yaml' },
    { name: 'list', kubectl: 'get events', restrict: withoutAges },
    { name: 'list, wide', kubectl: 'get events -o wide', restrict: withoutAges },
    { name: 'list sorted', kubectl: 'get events --sort-by=.metadata.name', restrict: withoutAges },
    {
      name: 'list of an object',
      kubectl: 'get events --field-selector involvedObject.name=south',
      restrict: withoutAges,
    },
    { name: 'list of warnings', kubectl: 'get events --field-selector type=Warning -o name' },
    { name: 'list by reason', kubectl: 'get events --field-selector reason=Online,involvedObject.kind=Pump -o name' },
    { name: 'events', kubectl: 'events', restrict: withoutAges },
    { name: 'events of an object', kubectl: 'events --for=pump/south', restrict: withoutAges },
    { name: 'events of a type', kubectl: 'events --types=Warning', restrict: withoutAges },
    { name: 'describe with events', kubectl: 'describe pump north', restrict: withoutAges },
    { name: 'count one more', kubectl: 'patch event south.1 -p \'{"count":4}\'' },
    { name: 'in another namespace than its object', kubectl: 'create -f bad.yaml' },
    { name: 'without an object', kubectl: 'create -f -', stdin: 'apiVersion: v1\nkind: Event\nmetadata: {name: a}\n' },
    { name: 'delete', kubectl: 'delete event north.1' },
    { name: 'delete all', kubectl: 'delete events --all' },
  ],
};
