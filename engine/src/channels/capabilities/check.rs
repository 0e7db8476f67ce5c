//! Whether a channel can carry an answer. A refusal names the field in the wire's words, and the limit.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::{ButtonsRule, Capabilities, CardsRule, Length, MediaRule, PlaceRule, Unit};
use crate::domain::content::{Action, Card, Does, Dress, Location, Media, MediaKind, Sticker, StoredFile};
use crate::domain::message::Content;
use crate::domain::rejected::Rejected;

type Checked = Result<(), Rejected>;

impl Capabilities {
    /// Whether an answer can go over this channel as it is.
    ///
    /// # Errors
    /// The first field that breaks a rule, with the rule.
    pub fn check(&self, content: &Content, dress: &Dress) -> Checked {
        match content {
            Content::Text(text) => self.text.check("content.text", text)?,
            Content::Sticker(sticker) => self.check_sticker(sticker)?,
            Content::Media(media) => self.check_media(media)?,
            Content::Location(place) => {
                place_fits(self.location.as_ref().ok_or_else(|| cannot("content", "places"))?, place)?;
            }
            Content::Cards(cards) => {
                let rule = self.cards.as_ref().ok_or_else(|| cannot("content", "cards"))?;
                self.check_cards(rule, cards)?;
            }
            Content::Native(native) => {
                let rule = self.native.as_ref().ok_or_else(|| cannot("content", "messages in its own language"))?;
                rule.alt_text.check("content.alt_text", &native.alt_text)?;
                (rule.check)(native, rule)?;
            }
            Content::Mail(_) if !self.features.mail => return Err(cannot("content", "mail")),
            Content::Mail(_) => {}
            Content::Other { .. } | Content::Redacted => return Err(Rejected::invalid("content", "something to send")),
        }
        self.check_dress(dress)
    }

    /// The rule of one kind of media, if the channel carries it.
    #[must_use]
    pub fn media(&self, kind: MediaKind) -> Option<&'static MediaRule> {
        self.media.iter().find(|rule| rule.kind == kind)
    }

    fn check_sticker(&self, sticker: &Sticker) -> Checked {
        if self.stickers.is_empty() {
            return Err(cannot("content", "stickers"));
        }
        let package = self.stickers.iter().find(|package| package.package_id.to_string() == sticker.package_id);
        let package =
            package.ok_or_else(|| Rejected::invalid("content.package_id", "a package of the sendable stickers"))?;
        if !(package.first..=package.last).any(|id| id.to_string() == sticker.sticker_id) {
            let rule = format!("{} to {} in this package", package.first, package.last);
            return Err(Rejected::invalid("content.sticker_id", rule));
        }
        Ok(())
    }

    fn check_media(&self, media: &Media) -> Checked {
        let rule = self.media(media.kind).ok_or_else(|| cannot("content", "this kind of file"))?;
        let file = media.file().ok_or_else(|| Rejected::invalid("content.file", "a file that was uploaded"))?;
        file_fits("content.file", rule, file)?;
        if rule.needs_duration && media.duration_ms.is_none_or(|duration_ms| duration_ms == 0) {
            return Err(Rejected::invalid("content.duration_ms", "how long it plays, at least 1"));
        }
        Ok(())
    }

    fn check_cards(&self, rule: &CardsRule, cards: &[Card]) -> Checked {
        if !(1..=rule.most).contains(&cards.len()) {
            return Err(Rejected::invalid("content.cards", format!("1 to {}", rule.most)));
        }
        let card_rule = if cards.len() == 1 { &rule.alone } else { &rule.among };
        for (index, card) in cards.iter().enumerate() {
            let field = |name: &str| format!("content.cards[{index}].{name}");
            if let Some(title) = &card.title {
                rule.title.check(field("title"), title)?;
            }
            let beside = card.title.is_some() || card.image.is_some();
            let text = if beside { card_rule.text_beside } else { card_rule.text };
            text.check(field("text"), &card.text)?;
            if let Some(image) = &card.image {
                let pictures = self.media(MediaKind::Image).ok_or_else(|| cannot(field("image"), "pictures"))?;
                file_fits(field("image"), pictures, image)?;
            }
            if card.actions.is_empty() {
                return Err(Rejected::invalid(field("actions"), format!("1 to {}", card_rule.actions.most)));
            }
            buttons_fit(&field("actions"), &card_rule.actions, &card.actions)?;
        }
        same_shape(cards)
    }

    fn check_dress(&self, dress: &Dress) -> Checked {
        if !dress.quick_replies.is_empty() {
            let rule = self.quick_replies.as_ref().ok_or_else(|| cannot("quick_replies", "quick replies"))?;
            buttons_fit("quick_replies", rule, &dress.quick_replies)?;
        }
        match (&dress.sender, &self.sender_name) {
            (Some(sender), Some(rule)) => rule.check("sender", &sender.name),
            (Some(_), None) => Err(cannot("sender", "names of senders")),
            (None, _) => Ok(()),
        }
    }
}

fn cannot(field: impl Into<Cow<'static, str>>, what: &str) -> Rejected {
    Rejected::invalid(field, format!("this channel carries no {what}"))
}

fn file_fits(field: impl Into<Cow<'static, str>>, rule: &MediaRule, file: &StoredFile) -> Checked {
    let field = field.into();
    if !rule.formats.is_empty() && !rule.formats.contains(&file.mime.as_str()) {
        return Err(Rejected::invalid(field, format!("one of {}", rule.formats.join(", "))));
    }
    if file.bytes > rule.most_bytes {
        return Err(Rejected::invalid(field, format!("at most {} bytes", rule.most_bytes)));
    }
    if rule.needs_preview && file.preview.is_none() {
        return Err(Rejected::invalid(field, "a file with a small picture"));
    }
    Ok(())
}

fn place_fits(rule: &PlaceRule, place: &Location) -> Checked {
    if let Some(title) = &place.title {
        rule.title.check("content.title", title)?;
    }
    if let Some(address) = &place.address {
        rule.address.check("content.address", address)?;
    }
    if place.latitude_e6.abs() > 90_000_000 {
        return Err(Rejected::invalid("content.latitude", "-90 to 90"));
    }
    Ok(())
}

/// Cards side by side are alike: a platform that draws them in a row demands it.
fn same_shape(cards: &[Card]) -> Checked {
    let shape = |card: &Card| (card.title.is_some(), card.image.is_some(), card.actions.len());
    match cards.iter().find(|card| shape(card) != shape(&cards[0])) {
        None => Ok(()),
        Some(_) => {
            let rule = "all with a title or none, all with an image or none, and as many actions on each";
            Err(Rejected::invalid("content.cards", rule))
        }
    }
}

fn buttons_fit(field: &str, rule: &ButtonsRule, actions: &[Action]) -> Checked {
    if actions.len() > rule.most {
        return Err(Rejected::invalid(field.to_owned(), format!("at most {}", rule.most)));
    }
    for (index, action) in actions.iter().enumerate() {
        let field = |name: &str| format!("{field}[{index}].{name}");
        rule.label.check(field("label"), &action.label)?;
        match &action.does {
            Does::Say(text) => rule.say.check(field("text"), text)?,
            Does::Postback { data, display } => {
                rule.data.check(field("data"), data)?;
                if let Some(display) = display {
                    rule.display.check(field("display"), display)?;
                }
            }
            Does::Open(url) => {
                rule.url.check(field("url"), url)?;
                if !is_address(url, rule.schemes) {
                    return Err(Rejected::invalid(field("url"), format!("one of {}", rule.schemes.join(", "))));
                }
            }
        }
    }
    Ok(())
}

/// Whether it can be an address that begins in one of these ways. What is not ASCII has to be percent-encoded.
fn is_address(url: &str, schemes: &[&str]) -> bool {
    let begins = |scheme: &&str| url.len() > scheme.len() && url.starts_with(*scheme);
    schemes.iter().any(begins) && url.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Unit {
    /// How many of these a text has.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Graphemes => text.graphemes(true).count(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf16 => "UTF-16 code units",
            Self::Graphemes => "characters",
        }
    }
}

impl Length {
    pub(crate) fn check(self, field: impl Into<Cow<'static, str>>, text: &str) -> Checked {
        if !text.trim().is_empty() && self.unit.count(text) <= self.most {
            return Ok(());
        }
        Err(Rejected::invalid(field, format!("1 to {} {}, not only white space", self.most, self.unit.name())))
    }
}
