import { isDeepStrictEqual } from 'node:util';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { HealthMessage } from '@selvedge/contract/mapper';
import { isFinal, type WriteOutcome } from '@selvedge/contract/outcome';
import { type ResolvedDevice, resolve } from '@selvedge/contract/resolve';
import { isLater, type Revision, sameRevision } from '@selvedge/contract/revision';
import type { Sample } from '@selvedge/contract/sample';
import type { Reported } from '@selvedge/contract/twin';
import { maxValueLength } from '@selvedge/contract/value';
import { judgeOf, retargetOf, settleDesired, settleLocalWrite } from './desired-state.ts';
import { healthOf } from './health.ts';
import {
  type DurableTwin,
  desiredMessage,
  emptyTwin,
  type LiveTwin,
  outcomeOf,
  type PropertyState,
  type Step,
  stateOf,
  type Twin,
  type TwinEffect,
  type TwinEvent,
} from './twin-state.ts';

/**
 * The one place where a twin changes. Pure: the same twin, event and time give the same step. Level-based: the same Device
 * twice changes nothing. Halves that did not change keep their identity, so that the caller sees what to save.
 */
export function reduce(twin: Twin, event: TwinEvent, now: number): Step {
  switch (event.type) {
    case 'device':
      return takeUp(twin, event.device, event.model, now);
    case 'write':
      return writeLocally(twin, event.property, event.value, now);
    case 'samples':
      if (event.uid !== twin.durable.uid) return unchanged(twin);
      return withLive(twin, takeSamples(twin, event.points, now), now);
    case 'outcome':
      if (event.uid !== twin.durable.uid) return unchanged(twin);
      return takeOutcome(twin, event.property, event.outcome, now);
    case 'health':
      if (event.message.uid !== twin.durable.uid) return unchanged(twin);
      return withLive(twin, takeWord(twin.live, event.message), now);
    case 'mapper':
      return withLive(twin, takePresence(twin.live, event.presence), now);
    case 'foreignValues':
      return takeForeignValues(twin, event.values, now);
    case 'foreignState':
      return withLive(twin, { ...twin.live, foreignState: event.state }, now);
  }
}

const unchanged = (twin: Twin): Step => ({ twin, effects: [] });

function withLive(twin: Twin, live: LiveTwin, now: number): Step {
  const next = { durable: twin.durable, live };
  const health = healthOf(next, now);
  return { twin: { durable: twin.durable, live: health === live.health ? live : { ...live, health } }, effects: [] };
}

function takeUp(before: Twin, device: Device, model: DeviceModel | undefined, now: number): Step {
  const { name, namespace = 'default', uid = '', generation = 0 } = device.metadata;
  // An object of the same name that was deleted and made anew shares nothing with its predecessor.
  const twin = uid === before.durable.uid ? before : emptyTwin({ namespace, name, uid }, before.live.mapper, now);
  const resolution = resolve(model, device);
  const served = before.durable.resolved;
  if (!resolution.ok) {
    const { reason, message } = resolution;
    const { resolved: _, ...rest } = twin.durable;
    const durable: DurableTwin = { ...rest, generation, refusal: { reason, message } };
    const effects: TwinEffect[] = served ? [{ type: 'clearConfig', protocol: served.protocol }] : [];
    return { twin: settled(twin, durable, twin.live, now), effects };
  }
  const { refusal: _, ...rest } = twin.durable;
  const properties: Record<string, PropertyState> = {};
  const resolved = resolution.device;
  for (const property of new Set([
    ...resolved.properties.map((entry) => entry.name),
    ...Object.keys(resolution.desired),
  ])) {
    properties[property] = settleDesired(
      stateOf(twin.durable, property),
      resolution.desired[property],
      { uid, generation },
      judgeOf(resolved, model, resolution.problems, property),
      retargetOf(twin.durable.resolved, resolved, property),
      now,
    );
  }
  const durable: DurableTwin = { ...rest, generation, resolved, properties };
  return { twin: settled(twin, durable, prune(twin.live, properties), now), effects: effectsOf(before, durable) };
}

/** Keeps the identity of a half in which nothing changed. */
function settled(before: Twin, durable: DurableTwin, live: LiveTwin, now: number): Twin {
  const same = isDeepStrictEqual(before.durable, durable);
  const next: Twin = { durable: same ? before.durable : durable, live };
  const health = healthOf(next, now);
  return health === live.health ? next : { ...next, live: { ...live, health } };
}

function prune(live: LiveTwin, properties: Readonly<Record<string, PropertyState>>): LiveTwin {
  const gone = Object.keys(live.reported).some((name) => !properties[name]);
  // A mapper started later cannot know of a write whose desired value is gone: its samples must not look stale for ever.
  const forgotten = Object.keys(live.acked).some((name) => !properties[name]?.desired);
  if (!gone && !forgotten) return live;
  const keep = <Entry>(record: Readonly<Record<string, Entry>>, wanted: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)));
  return {
    ...live,
    reported: keep(live.reported, (name) => properties[name] !== undefined),
    acked: keep(live.acked, (name) => properties[name]?.desired !== undefined),
  };
}

function effectsOf(before: Twin, after: DurableTwin): TwinEffect[] {
  const old = before.durable.resolved;
  const resolved = after.resolved as ResolvedDevice;
  const message = desiredMessage(after);
  const config: TwinEffect[] = isDeepStrictEqual(old, resolved) ? [] : [{ type: 'publishConfig', device: resolved }];
  if (old && old.protocol !== resolved.protocol) config.unshift({ type: 'clearConfig', protocol: old.protocol });
  const desired: TwinEffect[] =
    old && isDeepStrictEqual(desiredMessage(before.durable), message) ? [] : [{ type: 'publishDesired', message }];
  // A value goes ahead of a configuration in which nothing but the generation changed, and behind one that it may need.
  const sameConfig = old !== undefined && isDeepStrictEqual({ ...old, generation: 0 }, { ...resolved, generation: 0 });
  return sameConfig ? [...desired, ...config] : [...config, ...desired];
}

function writeLocally(twin: Twin, name: string, value: string, now: number): Step {
  const { resolved, uid, generation } = twin.durable;
  if (!resolved) return unchanged(twin);
  const judge = judgeOf(resolved, undefined, [], name);
  const state = settleLocalWrite(stateOf(twin.durable, name), value, { uid, generation }, judge, now);
  return withProperty(twin, name, state, true);
}

function withProperty(twin: Twin, name: string, state: PropertyState, publish: boolean): Step {
  const durable = { ...twin.durable, properties: { ...twin.durable.properties, [name]: state } };
  const effects: TwinEffect[] = publish ? [{ type: 'publishDesired', message: desiredMessage(durable) }] : [];
  return { twin: { durable, live: twin.live }, effects };
}

/** A device that is said to be ready has answered, whether or not its values are here yet. */
function takeWord(live: LiveTwin, word: HealthMessage): LiveTwin {
  const answered = word.reason === 'Ready' && word.since > (live.lastOnlineAt ?? 0);
  return { ...live, word, ...(answered ? { lastOnlineAt: word.since } : {}) };
}

function takeSamples(twin: Twin, points: readonly Sample[], now: number): LiveTwin {
  const live = twin.live;
  const reported: Record<string, Reported> = { ...live.reported };
  const acked: Record<string, Revision> = { ...live.acked };
  let online = false;
  for (const sample of points) {
    const state = stateOf(twin.durable, sample.property);
    if (!state) continue;
    const newest = acked[sample.property];
    // The transaction began before the device took the newest write: what it found is no longer so.
    if (newest && !(sample.acked && !isLater(newest, sample.acked))) continue;
    if (sample.acked && state.desired) acked[sample.property] = sample.acked;
    reported[sample.property] = reportedFrom(sample, reported[sample.property]);
    online ||= sample.quality !== 'bad';
  }
  return { ...live, reported, acked, ...(online ? { lastOnlineAt: now } : {}) };
}

/** What a sample says. When it has no value the last one stays, with its time, and is marked. */
function reportedFrom(sample: Sample, before: Reported | undefined): Reported {
  const tooLong = (sample.value?.length ?? 0) > maxValueLength;
  const quality = tooLong ? 'bad' : sample.quality;
  const reason = tooLong ? `the value has more than ${maxValueLength} characters` : sample.reason;
  const qualityReason = quality === 'good' || reason === undefined ? {} : { qualityReason: reason };
  if (sample.value !== undefined && !tooLong) return { value: sample.value, at: sample.at, quality, ...qualityReason };
  const last = before?.value === undefined ? { at: sample.at } : { value: before.value, at: before.at };
  return { ...last, quality, ...qualityReason };
}

function takeOutcome(twin: Twin, name: string, outcome: WriteOutcome, now: number): Step {
  const state = stateOf(twin.durable, name);
  if (!state?.desired) return unchanged(twin);
  const live = withAcked(twin.live, name, outcome);
  const onlyAcked: Step = { twin: live === twin.live ? twin : { ...twin, live }, effects: [] };
  if (!sameRevision(outcome.revision, state.desired.revision)) return onlyAcked;
  const before = outcomeOf(state);
  if (before && !isProgress(before, outcome)) return onlyAcked;
  const publish = isFinal(outcome.phase) || outcome.phase === 'Failed';
  const step = withProperty({ ...twin, live }, name, { ...state, lastWrite: outcome }, publish);
  const answered = outcome.phase === 'Acknowledged' || outcome.phase === 'Verified';
  return answered ? { ...step, twin: { ...step.twin, live: { ...live, lastOnlineAt: now } } } : step;
}

function withAcked(live: LiveTwin, name: string, outcome: WriteOutcome): LiveTwin {
  if (outcome.phase !== 'Acknowledged' && outcome.phase !== 'Verified') return live;
  if (!isLater(outcome.revision, live.acked[name])) return live;
  return { ...live, acked: { ...live.acked, [name]: outcome.revision } };
}

/** How far a phase is along one attempt. */
const rank: Readonly<Record<WriteOutcome['phase'], number>> = {
  Accepted: 0,
  Sent: 1,
  Acknowledged: 2,
  Failed: 3,
  Verified: 4,
  Rejected: 4,
  Expired: 4,
  Superseded: 4,
};

/** A message that came late or twice must not take an outcome back; a new attempt may begin it again. */
function isProgress(before: WriteOutcome, after: WriteOutcome): boolean {
  if (isFinal(before.phase)) return after.attempts > before.attempts;
  return after.attempts !== before.attempts || rank[after.phase] > rank[before.phase];
}

function takePresence(live: LiveTwin, presence: LiveTwin['mapper']): LiveTwin {
  if (isDeepStrictEqual(live.mapper, presence)) return live;
  const { word, ...rest } = live;
  // A dead mapper's word counts no more. While it starts with the gateway, the word from before stands.
  const next: LiveTwin = presence.state === 'down' || word === undefined ? rest : live;
  const restarted =
    presence.state === 'up' && !(live.mapper.state === 'up' && live.mapper.session === presence.session);
  // Another process: it began its polls after every write of the one before, and knows nothing of those.
  return { ...next, mapper: presence, ...(restarted ? { acked: {} } : {}) };
}

function takeForeignValues(
  twin: Twin,
  values: Readonly<Record<string, { value: string; at: number }>>,
  now: number,
): Step {
  const points = Object.entries(values).map(([property, { value, at }]): Sample => {
    const acked = twin.live.acked[property];
    return { property, value, at, quality: 'good', ...(acked ? { acked } : {}) };
  });
  let step = withLive(twin, takeSamples(twin, points, now), now);
  for (const { property, value = '' } of points) {
    const state = stateOf(step.twin.durable, property);
    const open = state && outcomeOf(state);
    if (!state || !open || isFinal(open.phase) || state.desired?.value !== value) continue;
    // Such a mapper reports values, not outcomes: finding the desired value is the read-back.
    const lastWrite: WriteOutcome = { ...open, phase: 'Verified', at: now, attempts: 1, readBack: value };
    step = withProperty(step.twin, property, { ...state, lastWrite }, true);
  }
  return step;
}
