// What lies ready beside the text of an answer: files on their way up, stickers, places, cards, and the buttons below.
// Like a draft it stays until it is sent or taken away; what is ready outlives a reload.

import { carried, mayUpload, type WhyNot } from '../core/carry';
import type { Action, Capabilities, NewContent, Upload } from '../core/protocol';
import { ulid } from '../core/ulid';
import { draftKey, loadDrafts, saveDraft } from './keep';
import { Refused, upload } from './rest';

export type Piece = {
  id: string;
  label: string;
  /** Null while it is on its way, and where it cannot be sent. */
  content: NewContent | null;
  upload: Upload | null;
  /** A picture of it, for the page only. */
  preview: string | null;
  bytes: number | null;
  /** How much of it is there, from 0 to 1. */
  part: number;
  asLink: boolean;
  why: WhyNot | { why: 'refused'; code: string } | { why: 'unreachable' } | null;
};
type Parcel = { pieces: readonly Piece[]; replies: readonly Action[] };

/** Pieces of one answer. */
export const MOST = 20;
const none: Parcel = { pieces: [], replies: [] };

export class Parcels {
  private all = $state.raw<Record<string, Parcel>>({});
  private agent = '';
  private running = new Map<string, { stop: () => void; file: File }>();

  async load(agent: string) {
    this.agent = agent;
    const all: Record<string, Parcel> = {};
    for (const draft of await loadDrafts(agent)) {
      if (draft.kind === 'parcel') all[draft.conversation] = JSON.parse(draft.text) as Parcel;
    }
    this.all = { ...all, ...this.all };
  }

  of(conversation: string): Parcel {
    return this.all[conversation] ?? none;
  }

  private set(conversation: string, parcel: Parcel) {
    this.all = { ...this.all, [conversation]: parcel };
    const kept = parcel.pieces
      .filter((piece) => piece.content !== null)
      .map((piece) => ({ ...piece, preview: piece.upload?.preview_url ?? null }));
    const text =
      kept.length + parcel.replies.length > 0 ? JSON.stringify({ pieces: kept, replies: parcel.replies }) : '';
    const key = draftKey(this.agent, conversation, 'parcel');
    void saveDraft({ key, agent: this.agent, conversation, kind: 'parcel', text });
  }

  private change(conversation: string, id: string, how: Partial<Piece>) {
    const { pieces, replies } = this.of(conversation);
    if (!pieces.some((it) => it.id === id)) return;
    this.set(conversation, { pieces: pieces.map((it) => (it.id === id ? { ...it, ...how } : it)), replies });
  }

  private put(conversation: string, more: Partial<Piece> & { label: string }): string {
    const { pieces, replies } = this.of(conversation);
    const id = ulid(Date.now());
    const piece: Piece = {
      id,
      content: null,
      upload: null,
      preview: null,
      bytes: null,
      part: 1,
      asLink: false,
      why: null,
      ...more,
    };
    this.set(conversation, { pieces: [...pieces, piece], replies });
    return id;
  }

  /** Something that needs no upload. */
  add(conversation: string, label: string, content: NewContent, file: Upload | null = null) {
    if (this.of(conversation).pieces.length >= MOST) return;
    this.put(conversation, {
      label,
      content,
      upload: file,
      preview: file?.preview_url ?? null,
      bytes: file?.bytes ?? null,
    });
  }

  setReplies(conversation: string, replies: readonly Action[]) {
    this.set(conversation, { ...this.of(conversation), replies });
  }

  /** Files from the disk, the clipboard or another program. False when there were too many. */
  addFiles(conversation: string, files: readonly File[], can: Capabilities): boolean {
    const left = MOST - this.of(conversation).pieces.length;
    for (const file of files.slice(0, left)) {
      const why = mayUpload(can, { mime: file.type, bytes: file.size });
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
      const id = this.put(conversation, { label: file.name, preview, bytes: file.size, part: 0, why });
      if (!why) void this.send(conversation, id, file, can);
    }
    return files.length <= left;
  }

  private async send(conversation: string, id: string, file: File, can: Capabilities) {
    const { done, stop } = upload(file, file.name.slice(-200), (part) => this.change(conversation, id, { part }));
    this.running.set(id, { stop, file });
    try {
      const it = await done;
      const found = carried(can, it);
      if ('why' in found) this.change(conversation, id, { upload: it, bytes: it.bytes, part: 1, why: found });
      else this.change(conversation, id, { upload: it, bytes: it.bytes, part: 1, ...found });
      this.running.delete(id);
    } catch (error) {
      const why =
        error instanceof Refused
          ? ({ why: 'refused', code: error.problem.code } as const)
          : ({ why: 'unreachable' } as const);
      this.change(conversation, id, { why });
    }
  }

  /** Tries an upload again that broke off. */
  again(conversation: string, id: string, can: Capabilities) {
    const file = this.running.get(id)?.file;
    if (!file) return;
    this.change(conversation, id, { why: null, part: 0 });
    void this.send(conversation, id, file, can);
  }

  mayRepeat(piece: Piece): boolean {
    return piece.why?.why === 'unreachable' && this.running.has(piece.id);
  }

  remove(conversation: string, id: string) {
    const { pieces, replies } = this.of(conversation);
    const gone = pieces.find((it) => it.id === id);
    this.running.get(id)?.stop();
    this.running.delete(id);
    if (gone?.preview?.startsWith('blob:')) URL.revokeObjectURL(gone.preview);
    this.set(conversation, { pieces: pieces.filter((it) => it.id !== id), replies });
  }

  /** Everything, for sending; nothing is left. */
  take(conversation: string): Parcel {
    const parcel = this.of(conversation);
    for (const { preview } of parcel.pieces) if (preview?.startsWith('blob:')) URL.revokeObjectURL(preview);
    this.set(conversation, none);
    return parcel;
  }
}
