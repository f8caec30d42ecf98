import type { Scenario } from '../action.ts';

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gauges.shop.example.com}
spec:
  group: shop.example.com
  scope: Namespaced
  names: {plural: gauges, singular: gauge, kind: Gauge}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                step: {type: integer, multipleOf: 5}
                ratio: {type: number, multipleOf: 0.5}
                small: {type: integer, exclusiveMaximum: true, maximum: 10, exclusiveMinimum: true, minimum: 0}
                int32: {type: integer, format: int32}
                names: {type: object, minProperties: 1, maxProperties: 2, additionalProperties: {type: string}}
                few: {type: array, minItems: 2, items: {type: integer}}
                any:
                  type: object
                  properties: {a: {type: integer}, b: {type: integer}}
                  anyOf: [{required: [a]}, {required: [b]}]
                one:
                  type: object
                  properties: {a: {type: integer}, b: {type: integer}}
                  oneOf: [{required: [a]}, {required: [b]}]
                not:
                  type: object
                  properties: {a: {type: integer}, b: {type: integer}}
                  not: {required: [a, b]}
                all:
                  type: integer
                  allOf: [{minimum: 1}, {maximum: 3}]
                level: {type: integer, enum: [1, 2]}
                pick: {type: string, enum: [b, a], nullable: true}
                address: {type: string, format: ipv4}
                link: {type: string, format: uri}
                wait: {type: string, format: duration}
                day: {type: string, format: date}
                raw: {type: string, format: byte}
                mail: {type: string, format: email}
                id: {type: string, format: uuid}
                host: {type: string, format: hostname}
`;

const gauge = (spec: string) => `apiVersion: shop.example.com/v1\nkind: Gauge\nmetadata: {name: a}\nspec: ${spec}\n`;
const create = (name: string, spec: string) => ({
  name,
  kubectl: 'create --dry-run=server -f -',
  stdin: gauge(spec),
});

/** Every word of a custom schema that the pump does not use, kept and broken. */
export const schemas: Scenario = {
  name: 'schemas',
  files: { 'crd.yaml': crd },
  actions: [
    { name: 'define', kubectl: 'create -f crd.yaml' },
    { name: 'wait', kubectl: 'wait --for=condition=Established crd/gauges.shop.example.com --timeout=10s' },
    { name: 'served', kubectl: 'wait --for=create gauges/a --timeout=1s' },
    create(
      'all is well',
      '{step: 10, ratio: 1.5, small: 9, names: {a: b}, few: [1, 2], any: {b: 1}, one: {a: 1}, not: {a: 1}, all: 2, level: 2, pick: a, address: 192.0.2.1, link: "http://example.com", wait: 5s, day: "2020-01-01", raw: eA==, mail: a@example.com, id: 11111111-2222-4333-8444-555555555555, host: example.com}',
    ),
    create('no multiple', '{step: 7}'),
    create('no multiple of a fraction', '{ratio: 0.7}'),
    create('just too large', '{small: 10}'),
    create('just too small', '{small: 0}'),
    create('more than 32 bits', '{int32: 3000000000}'),
    create('too few members', '{names: {}}'),
    create('too many members', '{names: {a: x, b: x, c: x}}'),
    create('too few items', '{few: [1]}'),
    create('none of any', '{any: {}}'),
    create('both of any', '{any: {a: 1, b: 1}}'),
    create('none of one', '{one: {}}'),
    create('both of one', '{one: {a: 1, b: 1}}'),
    create('what must not be', '{not: {a: 1, b: 1}}'),
    create('not all', '{all: 5}'),
    create('a number that is not listed', '{level: 3}'),
    create('a word that is not listed', '{pick: c}'),
    create('a null that is allowed and not listed', '{pick: null}'),
    create('no address', '{address: 300.0.0.1}'),
    create('no link', '{link: "::"}'),
    create('no duration', '{wait: soon}'),
    create('no day', '{day: "2020-13-01"}'),
    create('no base64', '{raw: "%"}'),
    create('no mail', '{mail: a}'),
    create('no uuid', '{id: a}'),
    create('no host', '{host: "-"}'),
    create('several at once', '{step: 7, level: 3, few: [a]}'),
    { name: 'remove', kubectl: 'delete crd gauges.shop.example.com' },
  ],
};
