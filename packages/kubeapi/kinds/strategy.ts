import type { JsonObject } from '../json.ts';
import type { Cause } from '../server/status.ts';

/** What one kind does beside what all kinds do. */
export interface Strategy {
  /** Fills in what a client may leave out, whenever it writes. */
  readonly defaults?: (object: JsonObject) => void;
  /** Fills in what the server decides for a new object. */
  readonly prepareCreate?: (object: JsonObject) => void;
  readonly prepareUpdate?: (object: JsonObject, before: JsonObject) => void;
  readonly validate?: (object: JsonObject, before: JsonObject | undefined) => Cause[];
  /** What a client is told of an object that is taken all the same. */
  readonly warnings?: (object: JsonObject) => string[];
  /** Why an object may not be deleted, whoever asks. */
  readonly keeps?: (object: JsonObject) => string | undefined;
  /** Kinds whose update creates the object when it is missing. */
  readonly createOnUpdate?: boolean;
  /** Kinds whose deletion answers with the object instead of a Status. */
  readonly returnsDeleted?: boolean;
}
