//! What customers come with: how they begin, what they know when they are asked, what they say next.

/// A reason to write.
#[derive(Debug)]
pub(super) struct Topic {
    /// The first words, one bubble each.
    pub(super) opening: &'static [&'static str],
    /// The number of an order or a booking, where there is one.
    pub(super) number: Option<&'static str>,
    /// What is said next when the agent's words ask for nothing in particular.
    pub(super) lines: &'static [&'static str],
    /// Whether there is something to show.
    pub(super) has_picture: bool,
}

/// Every reason.
pub(super) const TOPICS: [Topic; 16] = [
    Topic {
        opening: &["こんにちは。先週注文したコーヒーメーカーがまだ届いていないのですが、いつ頃になりますか？"],
        number: Some("1234-5678"),
        lines: &["明日の午後は家にいます。", "では、待ってみますね。"],
        has_picture: false,
    },
    Topic {
        opening: &["届いたマグカップが割れていました…", "交換してもらえますか？"],
        number: Some("1234-6021"),
        lines: &["箱もへこんでいました。", "新しいものを送っていただけると助かります。"],
        has_picture: true,
    },
    Topic {
        opening: &["予約の変更をお願いします。来週の水曜日の午後に変更できますか"],
        number: Some("B-20811"),
        lines: &["15時ごろだと嬉しいです。", "人数は2名のままで大丈夫です。"],
        has_picture: false,
    },
    Topic {
        opening: &["領収書の宛名を「株式会社みほん」でお願いできますでしょうか。"],
        number: Some("1233-9907"),
        lines: &["メールで届けば十分です。", "経理の締めが今週末なので、それまでにいただければ。"],
        has_picture: false,
    },
    Topic {
        opening: &["アプリにログインできません😭", "パスワードを何度入れてもだめです"],
        number: None,
        lines: &["「もう一度お試しください」と出ます", "やってみます！"],
        has_picture: true,
    },
    Topic {
        opening: &["すみません、年末年始の営業時間は何時までですか？"],
        number: None,
        lines: &["31日は開いていますか？", "わかりました。"],
        has_picture: false,
    },
    Topic {
        opening: &["サイズ交換について。MをLに替えたいです。まだ着ていません。"],
        number: Some("1235-0042"),
        lines: &["色は同じ紺でお願いします。", "送り返す箱は何でもいいですか？"],
        has_picture: false,
    },
    Topic {
        opening: &["ポイントが付いていないみたいなんですが、確認してもらえますか"],
        number: Some("1234-7777"),
        lines: &["11月3日に買いました。", "あ、会員証を出し忘れたかもしれません…"],
        has_picture: false,
    },
    Topic {
        opening: &["さっきの注文をキャンセルしたいです", "間違えて2回押してしまいました"],
        number: Some("1236-0105"),
        lines: &["1つは必要なので、片方だけお願いします。", "カード払いです。"],
        has_picture: false,
    },
    Topic {
        opening: &["プレゼント用に包装してもらうことはできますか？🎁"],
        number: None,
        lines: &["リボンは赤がいいです。", "メッセージカードも付けたいです。"],
        has_picture: false,
    },
    Topic {
        opening: &["引っ越したので、定期便の届け先を変えたいです。"],
        number: Some("T-3310"),
        lines: &["次の便から新しい住所でお願いします。", "置き配でも大丈夫です。"],
        has_picture: false,
    },
    Topic {
        opening: &["お世話になっております。見積書をお願いしたく、ご連絡いたしました。", "椅子20脚と机10台です。"],
        number: None,
        lines: &["納期は来月中旬を希望しています。", "社内で確認して、改めてご連絡します。"],
        has_picture: false,
    },
    Topic {
        opening: &["昨日お店に傘を忘れたと思うのですが、届いていませんか"],
        number: None,
        lines: &["紺色で、持ち手が木の傘です。", "夕方、取りに行きます。"],
        has_picture: true,
    },
    Topic {
        opening: &["説明書をなくしてしまって…ダウンロードできますか？"],
        number: None,
        lines: &["型番は本体の裏に MK-210 と書いてあります。", "見つかりました！"],
        has_picture: true,
    },
    Topic {
        opening: &["Do you ship to Okinawa? 英語でも大丈夫ですか？"],
        number: None,
        lines: &["Japanese is fine, too. 日本語、少しできます。", "How long does it take?"],
        has_picture: false,
    },
    Topic {
        opening: &["アレルギー表示について教えてください。くるみは入っていますか？"],
        number: None,
        lines: &["クッキーの詰め合わせです。", "同じ工場で作っているものも気になります。"],
        has_picture: false,
    },
];

/// What somebody says who was not answered: once, and once more after that.
pub(super) const IMPATIENCE: [&[&str]; 2] = [
    &["すみません、まだでしょうか？", "どなたかいらっしゃいますか？", "あの、急いでいます💦", "返信お待ちしています。"],
    &[
        "お忙しいようなので、また後で連絡します。",
        "もう結構です。また今度にします。",
        "返事がないので、電話してみます。",
    ],
];

/// What somebody says at the end.
pub(super) const THANKS: [&str; 6] = [
    "ありがとうございました！",
    "助かりました。ありがとうございます😊",
    "わかりました。ありがとうございます。",
    "ご丁寧にありがとうございました🙏",
    "解決しました！",
    "了解です、ありがとう！",
];

/// What somebody says who was not asked anything in particular and has nothing left to say.
pub(super) const NODS: [&str; 4] = ["はい、お願いします。", "そうです。", "承知しました。", "はい、大丈夫です。"];

/// Where parcels go. Nobody lives there.
pub(super) const ADDRESSES: [&str; 3] =
    ["東京都みほん区れいわ町1-2-3 コーポ見本201", "神奈川県みほん市港が丘4-5-6", "大阪府みほん市中央9-8-7"];

/// Stickers that LINE lets accounts send, so that they are known everywhere: package and sticker.
pub(super) const STICKERS: [(&str, &str); 5] =
    [("11537", "52002734"), ("11537", "52002739"), ("11538", "51626494"), ("446", "1988"), ("446", "1993")];
