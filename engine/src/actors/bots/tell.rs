//! What one bot is told of one conversation, in order, each until it is known to have been taken or given up.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::actors::Core;
use crate::bots::{LogLine, Logged, Telling, Trouble, delivery_id};
use crate::channels::signed::{Posted, Posting};
use crate::domain::bot::{About, DeadWhy, Letter};
use crate::domain::conversation::Command;
use crate::domain::id::{ConversationId, WindowId};
use crate::domain::org::Bot;
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle::{self, Handle};
use crate::rows::ConversationRow;
use crate::vault::{Opened, Place};

/// Tries of one letter, and of the word that a conversation is lost, without a restart between them.
const TRIES: u32 = 6;
const TRIES_OF_LOSS: u32 = 3;
/// The wait after the first try, in milliseconds; it doubles with each.
const FIRST_WAIT_MS: i64 = 1_000;
/// A command that found a full queue is offered again after this.
const AGAIN_MS: i64 = 200;

/// What becomes of a letter after a try.
enum Next {
    Taken,
    Dead(DeadWhy),
    Again,
}

/// Tells until nothing is left, or nothing can be told.
pub(super) async fn all(core: Arc<Core>, window: WindowId, id: ConversationId, places: Arc<Semaphore>) {
    let mut tried: (u32, u32) = (0, 0);
    while !core.is_stopping() && !core.sending.is_held() {
        let Some(row) = core.views.window(&window).and_then(|view| view.live(id)) else { return };
        let Some(letter) = row.state.bot.letters.front().cloned().filter(|_| !row.state.set_aside) else { return };
        if tried.0 != letter.number {
            tried = (letter.number, 0);
        }
        tried.1 += 1;
        let attempt = tried.1;
        let Some(bot) = core.views.org().bots.get(&window).cloned() else {
            record(&core, id, Command::LetterFailed { letter: letter.number, why: DeadWhy::Unreachable }).await;
            continue;
        };
        let Ok(place) = places.acquire().await else { return };
        let next = match one(&core, &bot, &row, &letter, attempt).await {
            Ok(next) => next,
            Err(_) => {
                // The message could not be read just now: no try was made.
                tried.1 -= 1;
                drop(place);
                core.config.clock.sleep_ms(AGAIN_MS).await;
                continue;
            }
        };
        drop(place);
        match next {
            Next::Taken => record(&core, id, Command::BotTold { letter: letter.number }).await,
            Next::Dead(why) => {
                let died = Logged::Died { delivery: delivery_id(id, letter.number) };
                core.bots.note(&window, LogLine { at: core.now(), conversation: Some(id), what: died });
                record(&core, id, Command::LetterFailed { letter: letter.number, why }).await;
            }
            Next::Again => core.config.clock.sleep_ms(wait_ms(attempt, core.config.chance.share())).await,
        }
    }
}

/// A second after the first try, then twice as long each time, give or take a quarter.
fn wait_ms(attempt: u32, share: f64) -> i64 {
    let whole = FIRST_WAIT_MS << attempt.saturating_sub(1).min(6);
    #[expect(clippy::cast_possible_truncation, reason = "at most a minute, to the millisecond")]
    let part = (whole as f64 * (0.75 + share * 0.5)) as i64;
    part
}

async fn one(
    core: &Arc<Core>,
    bot: &Bot,
    row: &ConversationRow,
    letter: &Letter,
    attempt: u32,
) -> Result<Next, Failure> {
    let id = row.state.id;
    let message = match letter.about {
        About::Message(number) => Some(Handle::of(core.clone()).message(id, number).await?),
        _ => None,
    };
    let delivery = delivery_id(id, letter.number);
    let telling = Telling { id: &delivery, at: letter.at, what: Some((row, letter)), message: message.as_ref() };
    let (trouble, took_ms) = post(core, bot, &telling).await;
    let what = match trouble {
        None => Logged::Taken { delivery, attempt, took_ms },
        Some(trouble) => Logged::Failed { delivery, attempt, trouble },
    };
    core.bots.note(&bot.window, LogLine { at: core.now(), conversation: Some(id), what });
    let most = if matches!(letter.about, About::Left(_)) { TRIES_OF_LOSS } else { TRIES };
    Ok(match trouble {
        None => Next::Taken,
        Some(Trouble::Call(Posted::Answered(status))) if is_no_for_good(status) => {
            Next::Dead(DeadWhy::Refused { status })
        }
        Some(Trouble::NoSecret | Trouble::Call(Posted::Unsafe)) => Next::Dead(DeadWhy::Unreachable),
        Some(_) if attempt >= most => Next::Dead(DeadWhy::Unreachable),
        Some(_) => Next::Again,
    })
}

/// A redirect is no for good too: what is signed for one place is not sent to another.
fn is_no_for_good(status: u16) -> bool {
    (300..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// Makes one call. `None` where it was taken; and how long it took, in milliseconds.
pub(crate) async fn post(core: &Core, bot: &Bot, telling: &Telling<'_>) -> (Option<Trouble>, u64) {
    let Some(bodies) = &core.config.bot_bodies else { return (Some(Trouble::Call(Posted::Unreachable)), 0) };
    let Some(secrets) = secrets(core, bot) else { return (Some(Trouble::NoSecret), 0) };
    let secrets: Vec<&str> = secrets.iter().map(|secret| secret.as_str()).collect();
    let body = Bytes::from((bodies.0)(telling));
    let now = core.now();
    let posting = Posting::signed(&bot.endpoint_url, bot.is_local(), telling.id.to_owned(), body, &secrets, now);
    let posted = core.platform.post(&posting).await;
    let took_ms = u64::try_from(core.now().since_ms(now)).unwrap_or_default();
    let outcome = match posted {
        Posted::Answered(200..300) => "taken",
        Posted::Answered(_) => "refused",
        Posted::Unreachable | Posted::BrokeOff => "unreachable",
        Posted::TooSlow => "too_slow",
        Posted::Unsafe => "unsafe",
    };
    metrics::counter!("madoguchi_bot_deliveries_total", "outcome" => outcome).increment(1);
    ((!matches!(posted, Posted::Answered(200..300))).then_some(Trouble::Call(posted)), took_ms)
}

/// The secrets that sign now, the newest first; `None` where it cannot be opened.
fn secrets(core: &Core, bot: &Bot) -> Option<Vec<Opened>> {
    let place = Place::of_bot(bot.id, "bot_secret");
    let now = core.now();
    let mut opened = vec![core.vault.open_secret(place, &bot.secret).ok()?];
    let former = bot.former_secret.as_ref().filter(|former| now < former.until);
    opened.extend(former.and_then(|former| core.vault.open_secret(place, &former.secret).ok()));
    Some(opened)
}

/// Tells the conversation, until it has recorded it: what is known must not be lost to a full queue.
async fn record(core: &Arc<Core>, id: ConversationId, command: Command) {
    while !core.is_stopping() {
        match handle::ask(core, By::Engine, id, command.clone()).await {
            Ok(_) | Err(Failure::Rejected(_) | Failure::NotFound(_)) => return,
            Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_and_end_within_a_minute() {
        let waits: Vec<i64> = (1..TRIES).map(|attempt| wait_ms(attempt, 0.5)).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000]);
        assert_eq!((wait_ms(1, 0.0), wait_ms(1, 1.0)), (750, 1_250));
        assert!(wait_ms(40, 1.0) <= 80_000, "no number of tries overflows");
    }

    #[test]
    fn what_is_worth_another_try_is_tried_again() {
        for status in [408, 425, 429, 500, 502, 503, 504, 100] {
            assert!(!is_no_for_good(status), "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 410, 422] {
            assert!(is_no_for_good(status), "{status}");
        }
    }
}
