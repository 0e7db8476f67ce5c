// The budgets of the first load and of every further piece, in gzip bytes. Over a budget the build fails.

import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const FIRST_JS = 120_000;
const FIRST_CSS = 20_000;
const PIECE = 80_000;

const dist = new URL('../dist/', import.meta.url);
const page = readFileSync(new URL('index.html', dist), 'utf8');
const size = (name) => gzipSync(readFileSync(new URL(`assets/${name}`, dist)), { level: 9 }).length;
const names = readdirSync(new URL('assets/', dist));
const sum = (ending, wanted) =>
  names.filter((name) => name.endsWith(ending) && page.includes(name) === wanted).map(size);
const total = (sizes) => sizes.reduce((a, b) => a + b, 0);
const checks = [
  ['first load, scripts', total(sum('.js', true)), FIRST_JS],
  ['first load, styles', total(sum('.css', true)), FIRST_CSS],
  ['largest further piece', Math.max(0, ...sum('.js', false), ...sum('.css', false)), PIECE],
];
let over = false;
for (const [what, bytes, budget] of checks) {
  console.log(`${what}: ${bytes} of ${budget} bytes gzip`);
  over ||= bytes > budget;
}
if (checks[0][1] === 0) throw new Error('no script found: the check looks in the wrong place');
if (over) process.exit(1);
