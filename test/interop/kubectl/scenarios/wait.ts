import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';
import { givenUp } from '../restrictions.ts';

const report = (status: string) =>
  `patch pump north --subresource=status --type=merge -p '{"status":{"running":true,"conditions":[{"type":"Ready","status":"${status}","reason":"Seen","lastTransitionTime":"2020-01-01T00:00:00Z"}]}}'`;

export const wait: Scenario = {
  name: 'wait',
  files: { 'all.yaml': [pump('north', '{flow: 1}'), pump('south', '{flow: 1}'), configMap('one', '{}')].join('---\n') },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    {
      name: 'a condition that is not there',
      kubectl: 'wait --for=condition=Ready pump/north --timeout=1s',
      restrict: givenUp,
    },
    {
      name: 'begin to wait',
      kubectl: 'wait --for=condition=Ready pump/north --timeout=20s',
      background: { id: 'ready', lines: 0 },
    },
    { name: 'report not ready', kubectl: report('False') },
    { name: 'report ready', kubectl: report('True') },
    { name: 'the wait is over', collect: 'ready', lines: 1 },
    { name: 'a condition that is there', kubectl: 'wait --for=condition=Ready pump/north --timeout=5s' },
    { name: 'a condition with a value', kubectl: 'wait --for=condition=Ready=true pump/north --timeout=5s' },
    {
      name: 'a condition with another value',
      kubectl: 'wait --for=condition=Ready=false pump/north --timeout=1s',
      restrict: givenUp,
    },
    { name: 'a value', kubectl: "wait --for=jsonpath='{.status.running}'=true pump/north --timeout=5s" },
    { name: 'any value', kubectl: "wait --for=jsonpath='{.spec.mode}' pump/south --timeout=5s" },
    {
      name: 'a value that does not come',
      kubectl: "wait --for=jsonpath='{.spec.flow}'=9 pump/north --timeout=1s",
      restrict: givenUp,
    },
    { name: 'all of a kind', kubectl: "wait --for=jsonpath='{.spec.flow}'=1 pumps --all --timeout=5s" },
    {
      name: 'by label, none',
      kubectl: 'wait --for=condition=Ready pumps -l nothing=here --timeout=1s',
      restrict: givenUp,
    },
    { name: 'what is missing', kubectl: 'wait --for=condition=Ready pump/missing --timeout=1s', restrict: givenUp },
    { name: 'the end of what is missing', kubectl: 'wait --for=delete pump/missing --timeout=1s', restrict: givenUp },
    {
      name: 'begin to wait for the end',
      kubectl: 'wait --for=delete pump/south --timeout=20s',
      background: { id: 'end', lines: 0 },
    },
    { name: 'end it', kubectl: 'delete pump south' },
    { name: 'the end has come', collect: 'end', lines: 1 },
    { name: 'an end that does not come', kubectl: 'wait --for=delete configmap/one --timeout=1s', restrict: givenUp },
    {
      name: 'begin to wait for the beginning',
      kubectl: 'wait --for=create configmap/two --timeout=20s',
      background: { id: 'begin', lines: 0 },
    },
    { name: 'make it', kubectl: 'create configmap two' },
    { name: 'the beginning has come', collect: 'begin', lines: 1 },
  ],
};
