//! A bot for a shop's front desk: greets, tells the opening hours, and calls a person for everything else.

use std::sync::Arc;

use madoguchi_protocol::api::{BotDelivery, BotDeliveryType, Content};

use super::{Act, Brain};

const GREETING: &str =
    "こんにちは、案内ボットです。営業時間のご案内ができます。係の者をご希望でしたら「担当者」とお書きください。";
const HOURS: &str = "営業時間は平日9時から18時、土曜日は17時までです。日曜・祝日はお休みをいただいております。";
const ASK: &str = "恐れ入ります。営業時間のご案内、または「担当者」とお書きいただければおつなぎします。";
const PERSON: &str = "担当者におつなぎします。少々お待ちください。";
const BYE: &str = "ご利用ありがとうございました。またいつでもどうぞ。";

/// The receptionist.
#[must_use]
pub fn receptionist() -> Brain {
    Arc::new(decide)
}

fn decide(told: &BotDelivery) -> Vec<Act> {
    let say = |text: &str| Act::Say(text.to_owned());
    match told.kind {
        BotDeliveryType::Started => vec![say(GREETING)],
        BotDeliveryType::Returned => vec![say(ASK)],
        BotDeliveryType::Message => match told.message.as_ref().map(|message| &message.content) {
            Some(Content::Text { text }) if text.contains("営業時間") || text.contains("何時") => {
                vec![say(HOURS)]
            }
            Some(Content::Text { text }) if text.contains("ありがとう") => vec![say(BYE), Act::Complete],
            Some(Content::Text { text }) if text.contains("担当者") || text.contains("人と") => {
                vec![say(PERSON), Act::HandOver(format!("お客様が担当者をご希望です。直前のご発言：{text}"))]
            }
            // A person will answer soon; that a machine did not understand helps nobody.
            Some(Content::Text { text }) => vec![Act::HandOver(format!("ボットでは分からないご用件です：{text}"))],
            _ => vec![Act::HandOver("文字以外のものが届きました。".to_owned())],
        },
        BotDeliveryType::Ping | BotDeliveryType::TakenBack | BotDeliveryType::Left => Vec::new(),
    }
}
