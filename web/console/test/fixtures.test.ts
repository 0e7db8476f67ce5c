// The console and the server mean the same by every frame: the examples of `protocol/fixtures` are the contract.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Frame, ServerFrame } from '../src/core/protocol';
import { reduce } from '../src/core/reduce';
import { empty } from '../src/core/state';
import * as wire from '../src/core/wire';

const folder = new URL('../../../protocol/fixtures/', import.meta.url);
const files = (side: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`${side}.`))
    .map((name) => ({ name, frame: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }));

test.each(files('server'))('the server says $name and the console knows every field of it', ({ name, frame }) => {
  wire.ServerFrame.check(frame, name);
});

test.each(files('client'))('the console may say $name and knows every field of it', ({ name, frame }) => {
  wire.ClientFrame.check(frame, name);
});

test('no kind of frame, event or command is described without an example, or the reverse', () => {
  const server = new Set(files('server').map(({ frame }) => frame.type));
  expect([...server].sort()).toEqual(Object.keys(wire.ServerFrame.each).sort());
  const client = new Set(files('client').map(({ frame }) => frame.type));
  expect([...client].sort()).toEqual(Object.keys(wire.ClientFrame.each).sort());
  const every = files('server').find(({ name }) => name === 'server.update-every-event.json')?.frame as Frame<'update'>;
  expect([...new Set(every.events.map((event) => event.type))].sort()).toEqual(Object.keys(wire.Event.each).sort());
});

test('codes and words of the published document are the ones the console knows', () => {
  const document = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'));
  const words = (name: string) => [...document.components.schemas[name].enum].sort();
  expect([...wire.Code.words].sort()).toEqual(words('Code'));
  expect([...wire.MessageState.words].sort()).toEqual(words('MessageState'));
  expect([...wire.Status.words].sort()).toEqual(words('Status'));
  expect([...wire.Presence.words].sort()).toEqual(words('Presence'));
  expect([...wire.Role.words].sort()).toEqual(words('Role'));
  expect([...wire.Trouble.words]).toEqual(document.components.schemas.Trouble.enum);
});

test('what an account can carry and what an upload is have the fields of the published document', () => {
  const document = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'));
  const { schemas } = document.components;
  const described = (name: string) => Object.keys(schemas[name].properties).sort();
  const fields = (shape: { fields: object }) => Object.keys(shape.fields).sort();
  expect(fields(wire.Capabilities)).toEqual(described('Capabilities'));
  expect(fields(wire.Capabilities.fields.features)).toEqual(described('Features'));
  expect(fields(wire.MediaRule)).toEqual(described('MediaRule'));
  expect(fields(wire.ButtonsRule)).toEqual(described('ButtonsRule'));
  expect(fields(wire.Length)).toEqual(described('Length'));
  const [file, upload] = schemas.Upload.allOf;
  expect(file.$ref).toBe('#/components/schemas/File');
  expect(fields(wire.Upload)).toEqual([...described('File'), ...Object.keys(upload.properties)].sort());
  expect(fields(wire.File)).toEqual(described('File'));
  expect(fields(wire.Meter)).toEqual(described('Meter'));
  const kinds = (name: string) =>
    schemas[name].oneOf.map(
      (it: { properties?: { type: { enum: string[] } }; allOf?: { properties?: { type: { enum: string[] } } }[] }) =>
        (it.properties ?? it.allOf?.find((part) => part.properties?.type)?.properties)?.type.enum[0],
    );
  expect(Object.keys(wire.Command.each).sort()).toEqual(kinds('Command').sort());
  expect([...Object.keys(wire.NewContent.each), 'native'].sort()).toEqual(kinds('NewContent').sort());
});

test('a field that nobody described is noticed here and harmless in the page', () => {
  const frame = { ...files('server')[0]?.frame, colour: 'red' };
  expect(() => wire.ServerFrame.check(frame, 'frame')).toThrow(/colour is not described/);
  expect(() => reduce(empty(), { type: 'tomorrow' } as unknown as ServerFrame, 0)).not.toThrow();
});

test('every example goes through the reducer, in the order of a session', () => {
  const frame = <K extends ServerFrame['type']>(name: string): Frame<K> =>
    files('server').find((file) => file.name === `server.${name}.json`)?.frame;
  const state = empty();
  reduce(state, frame('hello'), 1_000);
  reduce(state, frame('me'), 1_000);
  reduce(state, frame('snapshot'), 1_000);
  const id = frame<'snapshot'>('snapshot').conversations[0]?.id ?? '';
  expect(state.rows.get(id)?.status).toBe('new');
  reduce(state, frame('update'), 1_000);
  const reply = frame<'reply'>('reply');
  expect(state.rows.get(id)).toEqual(reply.ok?.conversation);
  reduce(state, reply, 1_000);
  expect(state.rows.get(id)).toEqual(reply.ok?.conversation);
  expect(reduce(state, frame('update-empty'), 1_000).notices).toEqual([]);
  const every = reduce(state, frame('update-every-event'), 1_000);
  expect(every.notices).toHaveLength(frame<'update'>('update-every-event').events.length);
  expect(state.windows.get('support')?.place?.position).toBe(45);
  expect(state.rows.get(id)).toMatchObject({ status: 'done', seat: null, waiting_since: null, position: 45 });
  reduce(state, frame('presence'), 1_000);
  expect(state.presence.get('01KAH2ZM8E6H8K0N2Q4S6V8W0Y')).toBe('offline');
  reduce(state, frame('typing'), 1_000);
  expect(state.typing.get(id)?.get('01KAH2ZK3D5G7J9M1P3R5T7V9X')).toBe(7_000);
  reduce(state, frame('viewing'), 1_000);
  expect(state.viewing.get('01KAH2ZK3D5G7J9M1P3R5T7V9X')).toEqual({ conversation: id, until: 21_000 });
  reduce(state, frame('accounts'), 1_000);
  expect(state.windows.get('support')?.accounts).toEqual(frame<'accounts'>('accounts').accounts);
  expect(state.windows.get('support')?.sendingHeld).toBe(true);
  expect(state.windows.get('support')?.opening?.state).toBe('open');
  reduce(state, frame('opening'), 1_000);
  expect(state.windows.get('support')?.opening).toEqual(frame<'opening'>('opening').opening);
  for (const name of ['reply-problem', 'problem', 'going'] as const) reduce(state, frame(name), 1_000);
  reduce(state, frame('unwatched'), 1_000);
  expect(state.rows.size).toBe(0);
  expect(state.windows.get('support')?.refused?.code).toBe('not_a_member');
  expect(state.windows.get('support')?.accounts).toEqual([]);
});
