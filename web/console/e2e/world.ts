// A whole house for one test file: the real server on a folder of its own, the LINE double, and Debian's Chromium.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createShop } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deflateSync } from 'node:zlib';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Letter, letter, Names, post, Relay } from './post';

const built = (name: string) =>
  join(process.env.CONSOLE_TARGET ?? new URL('../../../target/debug', import.meta.url).pathname, name);
export const PASSWORD = 'correct horse 窓口';

export const sleepless = async <T>(what: string, look: () => Promise<T | null | false | undefined>): Promise<T> => {
  const until = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`never came: ${what}`);
    await new Promise((next) => setTimeout(next, 25));
  }
};

/** A picture of two colours that run into each other, as a PNG. */
export function picture(width: number, height: number, from = [255, 183, 94], to = [46, 125, 110]): Buffer {
  const raw = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const part = (x / width + y / height) / 2;
      const at = y * (1 + width * 3) + 1 + x * 3;
      for (let i = 0; i < 3; i++) raw[at + i] = (from[i] ?? 0) * (1 - part) + (to[i] ?? 0) * part;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const parts: [string, Buffer][] = [
    ['IHDR', head],
    ['IDAT', deflateSync(raw)],
    ['IEND', Buffer.alloc(0)],
  ];
  const chunks = parts.map(([name, body]) => {
    const whole = Buffer.concat([Buffer.from(name), body]);
    const frame = Buffer.alloc(whole.length + 8);
    frame.writeUInt32BE(body.length, 0);
    whole.copy(frame, 4);
    frame.writeUInt32BE(crc(whole), whole.length + 4);
    return frame;
  });
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...chunks]);
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** Starts a program and gives the first line that it prints. */
async function start(program: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-20_000);
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}\n${log}`)));
    child.once('error', reject);
  });
  return { child, line, log: () => log };
}

/** The double of LINE WORKS: where it is, what an app of it holds, and its own calls. */
export type Works = {
  api: string;
  app: Record<'client_id' | 'client_secret' | 'service_account' | 'private_key' | 'domain_id', string>;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by tests that know them
  call: (path: string, body?: unknown) => Promise<any>;
};

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', () => resolve()) : resolve(),
  );

export class World {
  url = '';
  double = '';
  browser!: Browser;
  channel = '';
  places = { api: '', data: '' };
  agents: Record<string, string> = {};
  customers: Record<string, string> = {};
  ids: Record<string, string> = {};
  private dir = mkdtempSync(join(tmpdir(), 'madoguchi-browser-'));
  private server: ChildProcess | null = null;
  private platform: ChildProcess | null = null;
  private others: ChildProcess[] = [];
  private cookie = '';
  /** Where strangers hand mail over, once the world has mail. */
  smtp = '';
  relay = new Relay();
  names = new Names();
  private postal: Record<string, string> = {};

  /** `bare`: an owner, and nothing else that anybody set up. `mail`: mail comes in, and goes out by the relay. */
  static async open({ bare = false, mail = false } = {}): Promise<World> {
    const world = new World();
    if (mail) await world.deliverMail();
    await world.begin(bare);
    return world;
  }

  private async deliverMail() {
    this.postal = {
      MADOGUCHI_LOG__LEVEL: 'info',
      MADOGUCHI_MAIL__INBOUND_DOMAIN: 'in.desk.example',
      MADOGUCHI_MAIL__BOUNCE_DOMAIN: 'bounce.desk.example',
      MADOGUCHI_MAIL__RESOLVERS: `["127.0.0.1:${await this.names.listen()}"]`,
      MADOGUCHI_MAIL__LEAVES_FROM: '["127.0.0.1"]',
      MADOGUCHI_MAIL__RELAY__HOST: '127.0.0.1',
      MADOGUCHI_MAIL__RELAY__PORT: String(await this.relay.listen()),
      MADOGUCHI_MAIL__RELAY__TLS: 'none',
      MADOGUCHI_MAIL_IN__LISTEN_SMTP: '127.0.0.1:0',
      MADOGUCHI_MAIL_IN__LISTEN_LMTP: '',
    };
  }

  /** LINE's shop of stickers: one picture for all of them but number 1. */
  private shop = createShop((request, response) => {
    const known = /\/sticker\/(\d+)\//.exec(request.url ?? '')?.[1] !== '1';
    response.writeHead(known ? 200 : 404, { 'content-type': 'image/png' }).end(known ? picture(120, 120) : '');
  });

  private async begin(bare: boolean) {
    await new Promise<void>((ready) => this.shop.listen(0, '127.0.0.1', ready));
    const double = await start(built('loadtest'), [
      'line-double',
      '--listen',
      '127.0.0.1:0',
      '--listen-data',
      '127.0.0.1:0',
    ]);
    this.platform = double.child;
    this.places = JSON.parse(double.line) as { api: string; data: string };
    this.double = this.places.api;
    const owner = ['user', 'add', '--data-dir', this.dir, '--login', 'owner', '--role', 'owner'];
    execFileSync(built('madoguchi'), owner, { input: PASSWORD, env: this.env });
    await this.serve('127.0.0.1:0');
    await this.api('POST', '/session', { login: 'owner', password: PASSWORD });
    if (!bare) await this.furnish(this.places);
    const executablePath =
      process.env.CONSOLE_CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
    this.browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  }

  private get env() {
    return {
      ...process.env,
      MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS: 'true',
      MADOGUCHI_LOG__LEVEL: 'warn',
      MADOGUCHI_MEDIA__STICKER_BASE_URL: `http://127.0.0.1:${(this.shop.address() as AddressInfo).port}`,
      ...this.postal,
    } as Record<string, string>;
  }

  private async serve(listen: string) {
    const { child, line, log } = await start(
      built('madoguchi'),
      ['serve', '--data-dir', this.dir, '--listen', listen],
      this.env,
    );
    this.server = child;
    this.url = line.replace('listening ', '').trim();
    await sleepless('a ready server', async () => (await fetch(`${this.url}/readyz`).catch(() => null))?.ok);
    if (!('MADOGUCHI_MAIL_IN__LISTEN_SMTP' in this.postal)) return;
    this.smtp = await sleepless('a place for mail', async () => /smtp\S*=\S*?Some\(([\d.]+:\d+)\)/.exec(log())?.[1]);
    this.postal.MADOGUCHI_MAIL_IN__LISTEN_SMTP = this.smtp;
  }

  private async furnish({ api, data }: { api: string; data: string }) {
    await this.api('POST', '/windows', { id: 'support', name: 'サポート窓口', product: 5 });
    for (const [login, name, role] of [
      ['hanako', '佐藤 花子', 'agent'],
      ['taro', '鈴木 太郎', 'agent'],
      ['misaki', '高橋 美咲', 'supervisor'],
    ] as const) {
      const agent = await this.api('POST', '/agents', { login, name, role, password: PASSWORD });
      this.agents[login] = agent.id;
      await this.api('PUT', `/windows/support/agents/${agent.id}`);
    }
    const channel = await this.addChannel('サポート窓口');
    const inbox = await this.api('POST', '/inboxes', {
      window: 'support',
      kind: 'line',
      settings: {
        mode: 'auto',
        channel_secret: channel.secret,
        channel_access_token: channel.access_token,
        api_base_url: api,
        api_data_base_url: data,
      },
    });
    await this.phone(`/channels/${this.channel}`, { webhook: inbox.webhook_url });
  }

  /** An account at the platform, which customers of this world write to. */
  async addChannel(name: string): Promise<{ id: string; secret: string; access_token: string }> {
    const channel = await this.phone('/channels', { name });
    this.channel = channel.id;
    return channel;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read by tests that know them
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { origin: this.url, 'content-type': 'application/json', cookie: this.cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = response.headers.get('set-cookie');
    if (set) this.cookie = set.split(';')[0] ?? '';
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A call to the double's own interface. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async phone(path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.double}/_double${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** LINE WORKS as a process of its own, beside this world. */
  async works(): Promise<Works> {
    const { child, line } = await start(built('loadtest'), ['lineworks-double']);
    this.others.push(child);
    const { api, app } = JSON.parse(line) as Pick<Works, 'api' | 'app'>;
    const call: Works['call'] = async (path, body) => {
      const response = await fetch(`${api}/_double/${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    };
    return { api, app, call };
  }

  /** A customer writes; whoever is new becomes a friend first. */
  say(name: string, text: string) {
    return this.does(name, { kind: 'text', text });
  }

  /** A customer does anything that a phone can do; gives the platform's id of the message. */
  async does(name: string, act: object): Promise<string> {
    const isNew = !(name in this.customers);
    this.customers[name] ??= (await this.phone(`/channels/${this.channel}/users`, { name })).user;
    const { events } = await this.phone(`/users/${this.customers[name]}/send`, act);
    if (isNew) await this.learn(name);
    return events[0]?.message_id ?? '';
  }

  /** A customer writes a mail; the server has taken it when this comes back. */
  async mail(it: Omit<Letter, 'to'> & { to?: string; envelope?: string }) {
    const envelope = it.envelope ?? it.to ?? 'support@in.desk.example';
    const said = await post(this.smtp, it.from, envelope, letter({ to: 'support@in.desk.example', ...it }));
    if (!said.startsWith('250')) throw new Error(said);
    if (it.name && !(it.name in this.ids)) {
      this.ids[it.name] = await sleepless(`a case of ${it.name}`, async () => {
        const { items } = await this.api('GET', '/windows/support/conversations?limit=200');
        return items.find((row: { contact_point: { name: string } }) => row.contact_point.name === it.name)?.id;
      });
    }
  }

  private async learn(name: string) {
    const { items } = await this.api('GET', '/windows/support/conversations?limit=200');
    const known = new Set(Object.values(this.ids));
    this.ids[name] = items.find((row: { id: string }) => !known.has(row.id)).id;
  }

  /** The messages that the customer's phone shows, as they were sent. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async phoneOf(name: string): Promise<any[]> {
    const shown = await this.phone(`/users/${this.customers[name]}/conversation`);
    return shown.map((it: { message: object; media: object[] }) => ({ ...it.message, fetched: it.media }));
  }

  /** The texts that the customer's phone shows, in order. */
  async shown(name: string): Promise<string[]> {
    const shown = await this.phone(`/users/${this.customers[name]}/conversation`);
    return shown.map((it: { text: string | null }) => it.text ?? '');
  }

  conversation(name: string) {
    return this.api('GET', `/conversations/${this.ids[name]}`);
  }

  /** Opens a conversation by its row. */
  async open(page: Page, name: string) {
    await page.locator(`.list li a[href$="${this.ids[name]}"]`).click();
    await page.locator(`.list li a.current[href$="${this.ids[name]}"]`).waitFor({ state: 'attached' });
    await page.locator('.pane-thread h2').waitFor();
  }

  async kill() {
    this.server?.kill('SIGKILL');
    if (this.server) await ended(this.server);
  }

  async restart() {
    await this.serve(this.url.replace('http://', ''));
  }

  /** A way to the server that can be cut, as a cable is: what is on it breaks, and nothing new gets through. */
  async cable() {
    const open = new Set<Socket>();
    let whole = true;
    const { port } = new URL(this.url);
    const server = createServer((near) => {
      if (!whole) return near.destroy();
      const far = connect(Number(port), '127.0.0.1');
      for (const socket of [near, far]) {
        open.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          open.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      cut: () => {
        whole = false;
        for (const socket of open) socket.destroy();
      },
      mend: () => {
        whole = true;
      },
      close: () => server.close(),
    };
  }

  /** A browser of one person, logged in. */
  async desk(
    login: string,
    options: Parameters<Browser['newContext']>[0] = {},
    url = this.url,
  ): Promise<{ page: Page; context: BrowserContext }> {
    const context = await this.browser.newContext({
      locale: 'ja-JP',
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    await page.goto(url);
    await logIn(page, login);
    return { page, context };
  }

  async close() {
    await this.browser?.close();
    this.server?.kill('SIGKILL');
    this.platform?.kill('SIGKILL');
    for (const other of this.others) other.kill('SIGKILL');
    this.shop.close();
    this.relay.close();
    if (this.smtp) this.names.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function logIn(page: Page, login: string) {
  await page.locator('input[name=username]').fill(login);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('nav a.current').first().waitFor({ state: 'attached' });
}

export const bubbles = (page: Page, text: string) => page.locator('main article').filter({ hasText: text });
export const composer = (page: Page) => page.locator('.composer textarea');
