// Shapes of JSON: one description gives the TypeScript type and a check that names what does not fit.
// The page itself only uses the types; the checks run in tests, against the examples in `protocol/fixtures`.

/** Throws a sentence with the place when a value is not of the shape. */
export type Shape<T> = { check(value: unknown, at: string): void; optional?: true; readonly is?: T };
export type Infer<S> = S extends Shape<infer T> ? T : never;

type Fields = Record<string, Shape<unknown>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
export type ObjectOf<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & { [K in OptionalKeys<F>]?: Infer<F[K]> }
>;

const make = <T>(what: string, fits: (value: unknown) => boolean): Shape<T> => ({
  check(value, at) {
    if (!fits(value)) throw new Error(`${at}: ${what} expected, found ${JSON.stringify(value)}`);
  },
});

export const text = make<string>('text', (value) => typeof value === 'string');
export const number = make<number>('a number', (value) => typeof value === 'number');
export const flag = make<boolean>('true or false', (value) => typeof value === 'boolean');

export const word = <const W extends readonly string[]>(...words: W): Shape<W[number]> & { words: W } => ({
  ...make<W[number]>(words.join('|'), (value) => words.includes(value as string)),
  words,
});

export const orNull = <T>(inner: Shape<T>): Shape<T | null> => ({
  check(value, at) {
    if (value !== null) inner.check(value, at);
  },
});

export const maybe = <T>(inner: Shape<T>): Shape<T> & { optional: true } => ({
  check(value, at) {
    inner.check(value, at);
  },
  optional: true,
});

export const list = <T>(inner: Shape<T>): Shape<T[]> => ({
  check(value, at) {
    if (!Array.isArray(value)) throw new Error(`${at}: a list expected`);
    for (const [index, item] of value.entries()) inner.check(item, `${at}[${index}]`);
  },
});

/** An object with exactly these fields: in a test, a field that nobody described is a mistake. */
export const object = <F extends Fields>(fields: F): Shape<ObjectOf<F>> & { fields: F } => ({
  fields,
  check(value, at) {
    if (typeof value !== 'object' || value === null) throw new Error(`${at}: an object expected`);
    const given = value as Record<string, unknown>;
    for (const [name, shape] of Object.entries(fields) as [string, Shape<unknown>][]) {
      if (name in given) shape.check(given[name], `${at}.${name}`);
      else if (!shape.optional) throw new Error(`${at}.${name} is missing`);
    }
    for (const name of Object.keys(given)) if (!(name in fields)) throw new Error(`${at}.${name} is not described`);
  },
});

type Kinds<T extends string, K extends Record<string, Fields>> = {
  [N in keyof K & string]: Flat<{ [P in T]: N } & ObjectOf<K[N]>>;
}[keyof K & string];

/** One of several objects, told apart by the word in `tag`. */
export const kinds = <const T extends string, K extends Record<string, Fields>>(
  tag: T,
  each: K,
): Shape<Kinds<T, K>> & { each: K } => ({
  each,
  check(value, at) {
    const name = (value as Record<string, unknown> | null)?.[tag];
    const fields = typeof name === 'string' ? each[name] : undefined;
    if (!fields) throw new Error(`${at}.${tag}: one of ${Object.keys(each).join('|')} expected, found ${String(name)}`);
    object({ [tag]: text, ...fields }).check(value, `${at}<${String(name)}>`);
  },
});
