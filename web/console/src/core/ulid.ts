// ULIDs: 48 bits of time, 80 bits of chance, as 26 characters that sort by time.

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new id. `random` fills the bytes it is given. */
export function ulid(nowMs: number, random: (bytes: Uint8Array<ArrayBuffer>) => void = fill): string {
  let time = '';
  for (let left = nowMs, i = 0; i < 10; i++, left = Math.floor(left / 32)) time = LETTERS[left % 32] + time;
  const bytes = new Uint8Array(16);
  random(bytes);
  return time + Array.from(bytes, (byte) => LETTERS[byte % 32]).join('');
}

const fill = (bytes: Uint8Array<ArrayBuffer>) => {
  crypto.getRandomValues(bytes);
};
