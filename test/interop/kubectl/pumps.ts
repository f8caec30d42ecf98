/**
 * The custom kind that most scenarios use: every schema feature that a device description needs, and a status of its
 * own. `v1beta1` is the same, served as deprecated.
 */
const schema = `
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              description: What the operator wants of the pump.
              required: [flow]
              properties:
                flow: {type: number, minimum: 0, maximum: 100, description: Litres per minute.}
                mode: {type: string, enum: [Auto, Manual, Off], default: Auto, description: Who decides.}
                tag: {type: string, pattern: '^[a-z]{2}-[0-9]+$', maxLength: 12}
                port: {x-kubernetes-int-or-string: true}
                replicas: {type: integer, format: int32}
                valves:
                  type: array
                  maxItems: 4
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items:
                    type: object
                    required: [name]
                    properties:
                      name: {type: string, minLength: 1}
                      opening: {type: integer, minimum: 0, maximum: 100, default: 50}
                notes: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                steps: {type: array, x-kubernetes-list-type: atomic, items: {type: integer}}
                extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
                settings: {type: object, additionalProperties: {type: string}}
                since: {type: string, format: date-time, nullable: true}
            status:
              type: object
              properties:
                running: {type: boolean}
                flow: {type: number}
                conditions:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [type]
                  items:
                    type: object
                    required: [type, status]
                    properties:
                      type: {type: string}
                      status: {type: string}
                      reason: {type: string}
                      message: {type: string}
                      observedGeneration: {type: integer, format: int64}
                      lastTransitionTime: {type: string, format: date-time}`;

const columns = `
      additionalPrinterColumns:
        - {name: Mode, type: string, jsonPath: .spec.mode, description: Who decides}
        - {name: Flow, type: number, jsonPath: .spec.flow}
        - {name: Running, type: boolean, jsonPath: .status.running}
        - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
        - {name: Tag, type: string, jsonPath: .spec.tag, priority: 1}
        - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}`;

export const pumpGroup = 'plant.example.com';

export const pumpCrd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: pumps.${pumpGroup}
spec:
  group: ${pumpGroup}
  scope: Namespaced
  names: {plural: pumps, singular: pump, kind: Pump, listKind: PumpList, shortNames: [pm], categories: [plant]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:${schema}${columns}
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      deprecationWarning: ${pumpGroup}/v1beta1 Pump is deprecated; use v1
      subresources: {status: {}}
      schema:
        openAPIV3Schema:${schema}
`;

/** A pump's manifest; `spec` is YAML flow style, as `{flow: 10}`. */
export const pump = (name: string, spec: string, metadata = ''): string =>
  `apiVersion: ${pumpGroup}/v1\nkind: Pump\nmetadata: {name: ${name}${metadata === '' ? '' : `, ${metadata}`}}\nspec: ${spec}\n`;

/** A config map's manifest; `data` is YAML flow style, as `{a: "1"}`. */
export const configMap = (name: string, data: string, metadata = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${metadata === '' ? '' : `, ${metadata}`}}\ndata: ${data}\n`;

/**
 * A pod's manifest. The token volume is left out: it needs the API for service account tokens, which a server that
 * runs no pods does not have.
 */
export const pod = (name: string, extra = '', metadata = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}${metadata === '' ? '' : `, ${metadata}`}}\n` +
  'spec:\n  automountServiceAccountToken: false\n  containers:\n    - {name: main, image: example.com/main:1}\n' +
  (extra === '' ? '' : `${extra}\n`);
