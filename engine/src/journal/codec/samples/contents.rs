//! What messages hold: every kind of content, and where its media may be.

use super::{FILE, every};
use crate::domain::content::{
    Action, Card, Does, ImageSet, Location, Media, MediaKind, MediaLoss, MediaPlace, Native, Sticker, StoredFile,
};
use crate::domain::id::FileId;
use crate::domain::mail::{Mail, MailAddress, MailMark, MailPart, PartPlace, SenderProof};
use crate::domain::message::Content;

pub(super) fn contents() -> Vec<Content> {
    every!(Content:
        Content::Text(_) => Content::Text("返品したいです 😀".into()),
        Content::Other { .. } => Content::Other { kind: "sticker".into(), summary: "スタンプ".into() },
        Content::Redacted => Content::Redacted,
        Content::Sticker(_) => Content::Sticker(Sticker {
            package_id: "11537".into(),
            sticker_id: "52002734".into(),
            text: Some("おはよう".into()),
        }),
        Content::Media(_) => Content::Media(Box::new(media(MediaKind::Image, MediaPlace::Platform))),
        Content::Location(_) => Content::Location(Location {
            title: Some("受取場所".into()),
            address: Some("東京都千代田区1-1".into()),
            latitude_e6: 35_681_236,
            longitude_e6: 139_767_125,
        }),
        Content::Cards(_) => Content::Cards(vec![Card {
            title: Some("ご予約".into()),
            text: "どちらにしますか".into(),
            image: Some(file()),
            actions: actions(),
        }]),
        Content::Native(_) => Content::Native(Native {
            alt_text: "ご注文の確認".into(),
            json: "{\"type\":\"flex\"}".into(),
        }),
        Content::Mail(_) => Content::Mail(Box::new(mail())),
    )
}

/// A mail with every kind of part, and every mark.
fn mail() -> Mail {
    let address = |name: &str, address: &str| MailAddress { name: name.into(), address: address.into() };
    let places = every!(PartPlace:
        PartPlace::Inside(_) => PartPlace::Inside(2),
        PartPlace::Packed(..) => PartPlace::Packed(3, 1),
        PartPlace::Stored(_) => PartPlace::Stored(file()),
        PartPlace::TooLarge => PartPlace::TooLarge,
    );
    let marks = every!(MailMark:
        MailMark::Automatic => MailMark::Automatic,
        MailMark::AutoReply => MailMark::AutoReply,
        MailMark::NoAutoReply => MailMark::NoAutoReply,
        MailMark::List => MailMark::List,
        MailMark::Signed => MailMark::Signed,
        MailMark::Encrypted => MailMark::Encrypted,
        MailMark::Partial => MailMark::Partial,
        MailMark::Oversize => MailMark::Oversize,
        MailMark::Html => MailMark::Html,
        MailMark::Stranger => MailMark::Stranger,
        MailMark::Quote => MailMark::Quote,
        MailMark::Forwarded => MailMark::Forwarded,
    );
    let part = |place| MailPart {
        name: "見積.pdf".into(),
        mime: "application/pdf".into(),
        bytes: 204_800,
        content_id: Some("logo@example.jp".into()),
        place,
    };
    Mail {
        message_id: "a1@example.jp".into(),
        subject: "返品について".into(),
        from: address("山田", "taro@example.jp"),
        reply_to: vec![address("", "order@example.jp")],
        to: vec![address("窓口", "support@in.desk.example")],
        cc: vec![address("", "hanako@example.jp")],
        references: vec!["a0@example.jp".into()],
        text: "返品したいです".into(),
        is_cut: true,
        parts: places.into_iter().map(part).collect(),
        file: Some(StoredFile { mime: "message/rfc822".into(), size: None, preview: None, ..file() }),
        sender: SenderProof::Proven,
        marks,
    }
}

pub(super) fn file() -> StoredFile {
    StoredFile {
        id: FILE,
        mime: "image/jpeg".into(),
        bytes: 204_800,
        size: Some((1_280, 960)),
        preview: Some(FileId(FILE.0 + 1)),
    }
}

fn media(kind: MediaKind, place: MediaPlace) -> Media {
    let set = Some(ImageSet { id: "E005D41A".into(), index: 1, total: 3 });
    Media { kind, name: Some("写真.jpg".into()), bytes: Some(204_800), duration_ms: Some(5_200), set, place }
}

/// Every kind of medium, and every place where one can be.
pub(super) fn media_everywhere() -> Vec<Content> {
    let losses = losses().into_iter().map(MediaPlace::Lost);
    let places = every!(MediaPlace:
        MediaPlace::Platform => MediaPlace::Platform,
        MediaPlace::Url(_) => MediaPlace::Url("https://example.com/o.mp4".into()),
        MediaPlace::Stored(_) => MediaPlace::Stored(file()),
        MediaPlace::Lost(_) => MediaPlace::Lost(MediaLoss::Gone),
    );
    let kinds = every!(MediaKind:
        MediaKind::Image => MediaKind::Image,
        MediaKind::Video => MediaKind::Video,
        MediaKind::Audio => MediaKind::Audio,
        MediaKind::File => MediaKind::File,
    );
    let places: Vec<_> = places.into_iter().chain(losses).collect();
    kinds.into_iter().cycle().zip(places).map(|(kind, place)| Content::Media(Box::new(media(kind, place)))).collect()
}

pub(super) fn losses() -> Vec<MediaLoss> {
    every!(MediaLoss:
        MediaLoss::TooLarge => MediaLoss::TooLarge,
        MediaLoss::Gone => MediaLoss::Gone,
        MediaLoss::NeverReady => MediaLoss::NeverReady,
        MediaLoss::Refused => MediaLoss::Refused,
        MediaLoss::UnsafeAddress => MediaLoss::UnsafeAddress,
    )
}

pub(super) fn actions() -> Vec<Action> {
    every!(Does:
        Does::Say(_) => Does::Say("はい".into()),
        Does::Postback { .. } => Does::Postback { data: "csat=1".into(), display: Some("解決した".into()) },
        Does::Open(_) => Does::Open("https://example.com/".into()),
    )
    .into_iter()
    .map(|does| Action { label: "選ぶ".into(), does })
    .collect()
}
