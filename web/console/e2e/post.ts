// The mail of the world outside: somebody who writes, the relay that our answers leave by, and the names of the DNS.

import { createSocket, type Socket as Udp } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Hands one mail over by SMTP; answers with what the server said to the end of it, or with its refusal. */
export async function post(at: string, from: string, to: string, mail: string | Buffer): Promise<string> {
  const [host, port] = [at.slice(0, at.lastIndexOf(':')), Number(at.slice(at.lastIndexOf(':') + 1))];
  const socket = connect(port, host);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('the server hung up');
      if (/^\d{3}(?!-)/.test(value as string)) return value as string;
    }
  };
  const say = async (line: string) => {
    socket.write(`${line}\r\n`);
    return answer();
  };
  try {
    await answer();
    for (const line of ['EHLO outside.example', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`]) {
      const said = await say(line);
      if (!said.startsWith('2')) return said;
    }
    const go = await say('DATA');
    if (!go.startsWith('3')) return go;
    const text = (typeof mail === 'string' ? Buffer.from(mail) : mail).toString('latin1');
    const wire = text.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
    socket.write(Buffer.from(`${wire}\r\n.\r\n`, 'latin1'));
    return await answer();
  } finally {
    socket.end('QUIT\r\n');
  }
}

export type Handed = { from: string; to: string; text: string };

/** Takes what we send, and answers for single recipients as a test says. What it takes it can carry on. */
export class Relay {
  readonly handed: Handed[] = [];
  /** What RCPT is answered for a recipient, one try after the other; after the last it is taken. */
  readonly answers = new Map<string, string[]>();
  /** What becomes of a mail that was taken. */
  carry: (mail: Handed) => unknown = () => {};
  /** Takes mails and says nothing to them. */
  mute = false;
  private server: Server = createServer((socket) => this.serve(socket));
  private open = new Set<Socket>();

  async listen(): Promise<number> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return (this.server.address() as AddressInfo).port;
  }

  private serve(socket: Socket) {
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    socket.on('error', () => socket.destroy());
    let mail: Handed = { from: '', to: '', text: '' };
    let body: string[] | null = null;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const named = (line: string) => /<([^>]*)>/.exec(line)?.[1] ?? '';
    say('220 relay');
    createInterface({ input: socket }).on('line', (line) => {
      if (body !== null) {
        if (line !== '.') return void body.push(line.replace(/^\./, ''));
        mail.text = body.join('\r\n');
        body = null;
        if (this.mute) return;
        this.handed.push(mail);
        say('250 2.0.0 Ok: queued as 4F1');
        return void this.carry(mail);
      }
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') return void say('250-relay\r\n250 8BITMIME');
      if (verb === 'MAIL') mail = { from: named(line), to: '', text: '' };
      if (verb === 'RCPT') {
        mail.to = named(line);
        return void say(this.answers.get(mail.to)?.shift() ?? '250 ok');
      }
      if (verb === 'DATA') {
        body = [];
        return void say('354 go on');
      }
      if (verb === 'QUIT') return void socket.end('221 bye\r\n');
      say('250 ok');
    });
  }

  /** Breaks every connection that is open. */
  hangUp() {
    for (const socket of this.open) socket.destroy();
  }

  close() {
    this.hangUp();
    this.server.close();
  }
}

/** A name server that knows texts only. Of a name that is `null` it says that it cannot answer. */
export class Names {
  readonly texts = new Map<string, string[] | null>();
  private socket: Udp = createSocket('udp4');

  async listen(): Promise<number> {
    this.socket.on('message', (query, from) => {
      this.socket.send(this.answer(query), from.port, from.address);
    });
    await new Promise<void>((ready) => this.socket.bind(0, '127.0.0.1', ready));
    return this.socket.address().port;
  }

  private answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const question = query.subarray(12, at + 5);
    const kind = query.readUInt16BE(at + 1);
    const known = this.texts.get(labels.join('.').toLowerCase());
    const texts = kind === 16 ? (known ?? []) : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    // An answer with authority; SERVFAIL, or NXDOMAIN where nobody ever heard of the name.
    head.writeUInt16BE(0x8580 | (known === null ? 2 : known === undefined ? 3 : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(texts.length, 6);
    const records = texts.map((text) => {
      const parts = text.match(/.{1,255}/gs) ?? [''];
      const data = Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])));
      const record = Buffer.from([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0]);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    return Buffer.concat([head, question, ...records]);
  }

  close() {
    this.socket.close();
  }
}

const encoded = (text: string) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
let count = 0;

export type Letter = {
  from: string;
  name?: string;
  to: string;
  cc?: string;
  subject: string;
  text: string;
  html?: string;
  /** Further parts with their whole header. */
  parts?: { type: string; name: string; body: string | Buffer; inline?: string }[];
  header?: string[];
};

/** A mail as programs of customers write it. */
export function letter(it: Letter): string {
  count += 1;
  const head = [
    `From: ${it.name ? `${encoded(it.name)} <${it.from}>` : it.from}`,
    `To: ${it.to}`,
    ...(it.cc ? [`Cc: ${it.cc}`] : []),
    `Subject: ${encoded(it.subject)}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${count}.${process.pid}@outside.example>`,
    'MIME-Version: 1.0',
    ...(it.header ?? []),
  ];
  const b64 = (body: string | Buffer) =>
    (
      Buffer.from(body as string)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\r\n');
  const part = (type: string, body: string | Buffer, ...more: string[]) =>
    [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', ...more, '', b64(body)].join('\r\n');
  const wrap = (kind: string, edge: string, parts: string[]) =>
    [
      `Content-Type: multipart/${kind}; boundary="${edge}"`,
      '',
      ...parts.map((one) => `--${edge}\r\n${one}`),
      `--${edge}--`,
    ].join('\r\n');
  const plain = part('text/plain; charset=utf-8', it.text);
  let body = it.html ? wrap('alternative', 'alt', [plain, part('text/html; charset=utf-8', it.html)]) : plain;
  if (it.parts?.length) {
    const more = it.parts.map(({ type, name, body: bytes, inline }) =>
      part(
        `${type}; name="${encoded(name)}"`,
        bytes,
        `Content-Disposition: ${inline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(name)}`,
        ...(inline ? [`Content-ID: <${inline}>`] : []),
      ),
    );
    body = wrap('mixed', 'mix', [body, ...more]);
  }
  return `${head.join('\r\n')}\r\n${body}\r\n`;
}
