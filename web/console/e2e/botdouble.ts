// A bot as somebody else writes it: checks the signature, answers the hours, hands everything else over. After docs/bots.md.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Told = {
  type: string;
  id: string;
  seat_epoch: number;
  conversation: { id: string };
  message?: { content: { text?: string } };
};

export class BotDouble {
  url = '';
  server = '';
  secret = '';
  token = '';
  /** What every delivery is answered with. */
  status = 204;
  /** Whether it does anything about what it is told. */
  silent = false;
  readonly told: Told[] = [];
  readonly unsigned: string[] = [];
  private house = createServer((request, response) => {
    void this.hear(request).then((status) => response.writeHead(status).end());
  });

  async listen() {
    await new Promise<void>((ready) => this.house.listen(0, '127.0.0.1', ready));
    this.url = `http://127.0.0.1:${(this.house.address() as AddressInfo).port}/hook`;
  }

  private async hear(request: IncomingMessage): Promise<number> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (!this.isSigned(request, body)) {
      this.unsigned.push(body.toString());
      return 401;
    }
    if (this.status >= 300) return this.status;
    const told = JSON.parse(body.toString()) as Told;
    this.told.push(told);
    if (!this.silent) await this.act(told);
    return this.status;
  }

  private isSigned({ headers }: IncomingMessage, body: Buffer): boolean {
    const key = Buffer.from(this.secret.replace('whsec_', ''), 'base64');
    const head = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`;
    const wanted = createHmac('sha256', key).update(head).update(body).digest();
    return String(headers['webhook-signature'])
      .split(' ')
      .map((one) => Buffer.from(one.replace('v1,', ''), 'base64'))
      .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
  }

  private async act(told: Told) {
    const text = told.message?.content.text ?? '';
    if (told.type === 'conversation.started') await this.say(told, 'こんにちは、案内ボットです。');
    else if (told.type !== 'message.received') return;
    else if (text.includes('営業時間')) await this.say(told, '平日9時から18時です。');
    else await this.call(told, 'handover', { summary: `お客様のご用件: ${text}` });
  }

  say(told: Told, text: string) {
    return this.call(told, 'messages', { client_id: told.id, content: { type: 'text', text } });
  }

  async call(told: Told, what: string, body: object) {
    const answer = await fetch(`${this.server}/api/v1/bot/conversations/${told.conversation.id}/${what}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ seat_epoch: told.seat_epoch, ...body }),
    });
    return answer.status;
  }

  close() {
    this.house.closeAllConnections();
    this.house.close();
  }
}
