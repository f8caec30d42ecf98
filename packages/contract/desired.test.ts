import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDesired, type JudgedModel } from './desired.ts';

const boiler: JudgedModel = {
  properties: [
    { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', unit: 'Cel' },
    { name: 'setpoint', type: 'FLOAT', accessMode: 'ReadWrite', minimum: '5', maximum: '80', unit: 'Cel' },
    { name: 'burner', type: 'BOOLEAN' },
    { name: 'camera', type: 'STREAM' },
  ],
};

const codeOf = (property: string, text: string): string => {
  const verdict = checkDesired(boiler, property, text);
  return verdict.ok ? 'ok' : verdict.code;
};

const test = suite('desired values');

test('a value within the range is accepted, both ends included', () => {
  for (const text of ['5', '65', '65.5', '80']) assert.is(codeOf('setpoint', text), 'ok');
  assert.is(codeOf('burner', 'true'), 'ok');
});

test('each way to be wrong has a code of its own', () => {
  assert.is(codeOf('setpoint', 'hot'), 'NotANumber');
  assert.is(codeOf('setpoint', '80.1'), 'AboveMaximum');
  assert.is(codeOf('setpoint', '4.9'), 'BelowMinimum');
  assert.is(codeOf('temperature', '20'), 'ReadOnly');
  assert.is(codeOf('pressure', '1'), 'UnknownProperty');
  assert.is(codeOf('camera', 'x'), 'NotWritable');
});

test('the reason names the value, the bound with its unit, and what to do', () => {
  const verdict = checkDesired(boiler, 'setpoint', '95');
  assert.equal(verdict, {
    ok: false,
    code: 'AboveMaximum',
    reason: '95 Cel is above maximum 80 Cel; change the desired value or the model',
  });
  const reason = (property: string, text: string) => {
    const refused = checkDesired(boiler, property, text);
    return refused.ok ? 'accepted' : refused.reason;
  };
  assert.is(reason('setpiont', '1'), 'the model has no property "setpiont"; did you mean "setpoint"?');
  assert.is(
    reason('pressure', '1'),
    'the model has no property "pressure"; it has temperature, setpoint, burner, camera',
  );
  assert.is(reason('setpoint', 'warm'), '"warm" is not of type FLOAT: it must be a number, such as "21.5"');
});

test('what is accepted lies within the bounds, whatever was asked', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String)), (text) => {
      const verdict = checkDesired(boiler, 'setpoint', text);
      if (verdict.ok) assert.ok(typeof verdict.value === 'number' && verdict.value >= 5 && verdict.value <= 80);
    }),
  );
});

test('a bound that is no number does not bound', () => {
  const model: JudgedModel = { properties: [{ name: 'x', type: 'INT', maximum: 'high' }] };
  assert.ok(checkDesired(model, 'x', '1000000').ok);
});

test.run();
