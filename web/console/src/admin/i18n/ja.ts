// The administration's texts, in the words of LINE WORKS CX Talk. This is the type: a key that English lacks does not compile.

import { bots } from './ja.bots';
import { mail } from './ja.mail';
import { operation } from './ja.operation';
import { people } from './ja.people';
import { windows } from './ja.windows';
import { works } from './ja.works';

type Rule = readonly [RegExp, (...found: string[]) => string];

export const ja = {
  ...windows,
  ...people,
  ...operation,
  ...works,
  ...mail,
  ...bots,
  frame: {
    title: '管理',
    menu: '管理メニュー',
    back: '戻る',
    toDesk: '問い合わせに戻る',
    forbidden: 'この画面を開く権限がありません',
    forbiddenHint: '管理者に権限の変更を依頼してください。',
    pages: {
      windows: '窓口一覧',
      people: 'メンバーと権限',
      invitations: '招待',
      tokens: 'APIトークン',
      audit: '監査ログ',
      wall: '監督',
      operation: '運用状態',
    },
  },
  form: {
    bar: '変更の保存',
    counted: '文字',
    dirty: '変更が保存されていません',
    moved: '編集中に、ほかの人が同じ設定を変更しました。保存すると上書きします。',
    wrong: '入力内容を確認してください',
    save: '保存',
    saving: '保存しています…',
    saved: '保存しました',
    undo: '変更を取り消す',
    cancel: 'キャンセル',
    done: '閉じる',
    busy: '処理しています…',
    loading: '読み込んでいます…',
    again: '再試行',
    copy: 'コピー',
    copied: 'コピーしました',
    copyYourself: '選択しました。Ctrl+C でコピーしてください',
    leaveTitle: '保存していない変更があります',
    leaveLead: 'このまま移動すると、変更した内容は失われます。',
    stay: '編集を続ける',
    leave: '変更を破棄して移動',
    never: 'しない',
    switchOn: (label: string) => `${label}を設定する`,
  },
  refusal: {
    unreachable: 'サーバーに接続できません。接続を確認して、もう一度お試しください。',
    other: '処理できませんでした。しばらくしてからもう一度お試しください。',
    invalid: 'この内容は使用できません。',
    rule: (rule: string) => `この内容は使用できません（${rule}）。`,
    least: {
      agents: '最後の窓口対応者は削除できません。先にほかの人を追加してください。',
      owned: '使用中の数より少なくすることはできません。すべてを0にすることもできません。',
    } as Record<string, string>,
    atLeast: (least: number) => `${least.toLocaleString('ja')} より少なくすることはできません。`,
    limit: (most: number) => `上限（${most.toLocaleString('ja')}）に達しています。`,
    special: {
      'exists window name': 'この名前はすでに使われています。',
      'exists window id': 'このIDはすでに使われています。',
      'exists window': 'このIDはすでに使われています。',
      'exists inbox': 'このアカウントはすでに連携されています。',
      'exists login': 'このログインIDはすでに使われています。',
      'limit_reached windows of this product': 'この商品に空きがありません。',
      'limit_reached agents': '窓口対応者の席に空きがありません。',
      'limit_reached closed periods': '設定できる休業日の数を超えています。',
      'limit_reached invitations': '未使用の招待が多すぎます。不要なものを取り消してください。',
      'invalid from': 'ほかの休業日と重ならない、今日以降の日付にしてください。',
      'invalid to': '開始日から366日以内、今日から5年以内の日付にしてください。',
      'invalid end.words': '1～20文字の言葉を5つまで入力してください。',
      'invalid password': '8文字以上の、推測されにくいパスワードにしてください。',
      'invalid new_password': '8文字以上の、推測されにくいパスワードにしてください。',
      'invalid old_password': '現在のパスワードが違います。',
      'invalid icon_url': 'https:// で始まるURLを入力してください。',
      'forbidden role': 'この権限を与えることはできません。',
    } as Record<string, string>,
    code: {
      exists: 'すでに存在します。',
      not_found: '見つかりません。すでに削除された可能性があります。',
      forbidden: 'この操作を行う権限がありません。',
      limit_reached: '上限に達しています。',
      invitation_invalid: 'この招待リンクは使用できません。すでに使用されたか、取り消されたか、期限が切れています。',
      trial_over: '無料トライアルが終了しています。',
      unsupported_media_type: 'この形式のファイルは使用できません。',
      too_large: '大きすぎます。',
      rate_limited: '操作が多すぎます。しばらく待ってからお試しください。',
      unauthenticated: 'ログインし直してください。',
    } as Record<string, string>,
    rules: [
      [/^(\d+) to (\d+) characters/, (least, most) => `${least}～${most}文字`],
      [/at most (\d+) characters/, (most) => `${most}文字以内`],
      [/^at most (\d+)$/, (most) => `${most}まで`],
      [/lower-case letters and digits/, () => '半角の英小文字と数字'],
    ] as Rule[],
  },
};

export type AdminTexts = typeof ja;
