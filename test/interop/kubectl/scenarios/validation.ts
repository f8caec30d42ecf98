import type { Scenario } from '../action.ts';
import { configMap, pod, pump } from '../pumps.ts';

const create = (level: string) => `create --validate=${level} -f -`;
const unknown = (name: string) => pump(name, '{flow: 1, colour: red, valves: [{name: a, size: 3}]}');

export const validation: Scenario = {
  name: 'validation',
  actions: [
    { name: 'unknown fields, strict', kubectl: create('strict'), stdin: unknown('strict') },
    { name: 'unknown fields, warn', kubectl: create('warn'), stdin: unknown('warn') },
    { name: 'unknown fields, ignore', kubectl: create('ignore'), stdin: unknown('ignore') },
    { name: 'what is left of unknown fields', kubectl: 'get pump warn -o jsonpath={.spec}' },
    {
      name: 'a field twice, strict',
      kubectl: create('strict'),
      stdin:
        '{"apiVersion":"plant.example.com/v1","kind":"Pump","metadata":{"name":"twice"},"spec":{"flow":1,"flow":2}}',
    },
    {
      name: 'an unknown field of a built-in kind, strict',
      kubectl: create('strict'),
      stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, colour: red}\ndatum: {}\n',
    },
    {
      name: 'an unknown field of a built-in kind, warn',
      kubectl: create('warn'),
      stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndatum: {}\n',
    },
    { name: 'an unknown field of a pod', kubectl: create('strict'), stdin: pod('odd', '  colour: red') },
    { name: 'defaults', kubectl: 'create -o yaml -f -', stdin: pump('defaults', '{flow: 1, valves: [{name: a}]}') },
    { name: 'a missing field', kubectl: 'create -f -', stdin: pump('a', '{}') },
    {
      name: 'a missing spec',
      kubectl: 'create -f -',
      stdin: 'apiVersion: plant.example.com/v1\nkind: Pump\nmetadata: {name: a}\n',
    },
    { name: 'a number too large', kubectl: 'create -f -', stdin: pump('a', '{flow: 100.1}') },
    { name: 'a number too small', kubectl: 'create -f -', stdin: pump('a', '{flow: -1}') },
    { name: 'a string for a number', kubectl: 'create -f -', stdin: pump('a', '{flow: "5"}') },
    { name: 'a fraction for an integer', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, replicas: 1.5}') },
    { name: 'an object for a list', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, steps: {a: 1}}') },
    { name: 'a string for an object', kubectl: 'create -f -', stdin: pump('a', 'high') },
    { name: 'a word that is not allowed', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, mode: Fast}') },
    { name: 'a pattern that does not match', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, tag: Q}') },
    { name: 'a string too long', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, tag: aa-1234567890123}') },
    { name: 'an empty string', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, valves: [{name: ""}]}') },
    {
      name: 'a list too long',
      kubectl: 'create -f -',
      stdin: pump('a', '{flow: 5, valves: [{name: a}, {name: b}, {name: c}, {name: d}, {name: e}]}'),
    },
    {
      name: 'a key twice in a list',
      kubectl: 'create -f -',
      stdin: pump('a', '{flow: 5, valves: [{name: a}, {name: a}]}'),
    },
    { name: 'a value twice in a set', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, notes: [x, x]}') },
    { name: 'an item without its key', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, valves: [{opening: 1}]}') },
    {
      name: 'an integer out of range in an item',
      kubectl: 'create -f -',
      stdin: pump('a', '{flow: 5, valves: [{name: a, opening: 101}]}'),
    },
    { name: 'a bad date', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, since: yesterday}') },
    {
      name: 'null where it is allowed',
      kubectl: 'create -o jsonpath={.spec} -f -',
      stdin: pump('null-allowed', '{flow: 5, since: null}'),
    },
    {
      name: 'null where a default is',
      kubectl: 'create -o jsonpath={.spec} -f -',
      stdin: pump('null-default', '{flow: 5, mode: null}'),
    },
    { name: 'null where it is not allowed', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, tag: null}') },
    {
      name: 'an integer or a string',
      kubectl: 'create -o jsonpath={.spec.port} -f -',
      stdin: pump('port-name', '{flow: 5, port: http}'),
    },
    { name: 'neither integer nor string', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, port: true}') },
    {
      name: 'free fields',
      kubectl: 'create -o jsonpath={.spec.extra} -f -',
      stdin: pump('free', '{flow: 5, extra: {a: [1, {b: null}], c: text}}'),
    },
    { name: 'a wrong type among free names', kubectl: 'create -f -', stdin: pump('a', '{flow: 5, settings: {a: 1}}') },
    {
      name: 'a status at creation',
      kubectl: 'create -o yaml -f -',
      stdin: `${pump('status', '{flow: 5}')}status: {running: true}\n`,
    },
    { name: 'a bad name', kubectl: 'create -f -', stdin: pump('Bad_Name', '{flow: 5}') },
    { name: 'a bad label', kubectl: 'create -f -', stdin: pump('a', '{flow: 5}', 'labels: {a: "not good"}') },
    { name: 'a bad label name', kubectl: 'create -f -', stdin: pump('a', '{flow: 5}', 'labels: {"-a": b}') },
    { name: 'a bad annotation name', kubectl: 'create -f -', stdin: pump('a', '{flow: 5}', 'annotations: {"a b": c}') },
    { name: 'a number as a label', kubectl: 'create -f -', stdin: pump('a', '{flow: 5}', 'labels: {a: 5}') },
    { name: 'a bad key in a config map', kubectl: 'create -f -', stdin: configMap('a', '{"a b": c}') },
    { name: 'a number in a config map', kubectl: 'create -f -', stdin: configMap('a', '{a: 5}') },
    {
      name: 'a pod without containers',
      kubectl: 'create -f -',
      stdin: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n',
    },
    { name: 'a namespace with a bad name', kubectl: 'create namespace Bad' },
    { name: 'a namespace with a name that is too long', kubectl: `create namespace ${'a'.repeat(64)}` },
    {
      name: 'a resource version at creation',
      kubectl: 'create -f -',
      stdin: configMap('a', '{}', 'resourceVersion: "5"'),
    },
    {
      name: 'a uid at creation',
      kubectl: 'create -o jsonpath={.metadata.uid} -f -',
      stdin: configMap('uid', '{}', 'uid: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'),
    },
  ],
};
