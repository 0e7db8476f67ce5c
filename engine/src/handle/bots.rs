//! The bots in front of windows as people see to them: settings, tests, logs, and what could not be told.

use std::sync::Arc;

use super::Handle;
use crate::actors::bots;
use crate::bots::{LogLine, Logged, Standing, Telling, Trouble};
use crate::channels::signed::{SECRET_BYTES, shown};
use crate::domain::bot::DeadLetter;
use crate::domain::id::{BotId, ConversationId, WindowId};
use crate::domain::org::{Bot, Command};
use crate::domain::record::By;
use crate::domain::seat::Holder;
use crate::domain::secret::Secret;
use crate::failure::Failure;
use crate::vault::Place;

/// How a window's bot stands.
#[derive(Clone, Debug, Default)]
pub struct BotHealth {
    /// Since the start.
    pub standing: Standing,
    /// Conversations that it holds.
    pub holds: usize,
    /// Letters that wait for it.
    pub waiting: usize,
    /// Letters that were given up.
    pub dead: usize,
}

impl Handle {
    /// Puts a bot in front of a window, or changes it: the organisation's record first, then the window's.
    ///
    /// # Errors
    /// Rejected, or not now. After the first record the next start finishes the second.
    pub async fn set_bot(&self, by: By, bot: Bot) -> Result<(), Failure> {
        let window = bot.window.clone();
        self.org_command(by, Command::SetBot(Box::new(bot))).await?;
        bots::settle(&self.core, by, &window).await
    }

    /// Takes a window's bot away. What it held is open to people.
    ///
    /// # Errors
    /// There is none, or not now.
    pub async fn remove_bot(&self, by: By, window: &WindowId) -> Result<(), Failure> {
        self.org_command(by, Command::RemoveBot { window: window.clone() }).await?;
        self.core.bots.forget(window);
        bots::settle(&self.core, by, window).await
    }

    /// A new id for a bot.
    #[must_use]
    pub fn new_bot_id(&self) -> BotId {
        BotId(self.core.new_id())
    }

    /// Draws a secret: as it is kept, and as it is shown once.
    #[must_use]
    pub fn new_bot_secret(&self, bot: BotId) -> (Secret, String) {
        let text = shown(&rand::random::<[u8; SECRET_BYTES]>());
        (self.core.vault.seal(Place::of_bot(bot, "bot_secret"), &text, self.core.now()), text)
    }

    /// Tells a bot nothing, to see whether it hears.
    ///
    /// # Errors
    /// There is no bot.
    pub async fn test_bot(&self, window: &WindowId) -> Result<(Option<Trouble>, u64), Failure> {
        let bot = self.org().bots.get(window).cloned().ok_or(Failure::NotFound("bot"))?;
        let id = format!("ping_{}", BotId(self.core.new_id()));
        let at = self.core.now();
        let (trouble, took_ms) =
            bots::post(&self.core, &bot, &Telling { id: &id, at, what: None, message: None }).await;
        let what = match trouble {
            None => Logged::Taken { delivery: id, attempt: 1, took_ms },
            Some(trouble) => Logged::Failed { delivery: id, attempt: 1, trouble },
        };
        self.core.bots.note(window, LogLine { at: self.core.now(), conversation: None, what });
        Ok((trouble, took_ms))
    }

    /// How a window's bot stands.
    #[must_use]
    pub fn bot_health(&self, window: &WindowId) -> BotHealth {
        let mut health = BotHealth { standing: self.core.bots.of(window), ..BotHealth::default() };
        for row in self.core.views.window(window).map(|view| view.all_live()).unwrap_or_default() {
            health.holds += usize::from(row.state.seat.holder == Holder::Bot);
            health.waiting += row.state.bot.letters.len();
            health.dead += row.state.bot.dead.len();
        }
        health
    }

    /// The log of a window's bot, the newest first.
    #[must_use]
    pub fn bot_log(&self, window: &WindowId) -> Vec<LogLine> {
        self.core.bots.log(window)
    }

    /// A bot called; `refused` where it was told no: which call, and the code.
    pub fn bot_called(
        &self,
        window: &WindowId,
        conversation: ConversationId,
        refused: Option<(&'static str, &'static str)>,
    ) {
        let at = self.core.now();
        self.core.bots.called(window, at);
        if let Some((call, code)) = refused {
            let what = Logged::Refused { call, code };
            self.core.bots.note(window, LogLine { at, conversation: Some(conversation), what });
        }
    }

    /// What a window's bot could not be told, the oldest first.
    #[must_use]
    pub fn dead_letters(&self, window: &WindowId) -> Vec<(ConversationId, DeadLetter)> {
        let rows = self.core.views.window(window).map(|view| view.all_live()).unwrap_or_default();
        let mut all: Vec<_> = rows
            .iter()
            .map(|row| Arc::clone(&row.state))
            .flat_map(|state| state.bot.dead.iter().map(|dead| (state.id, dead.clone())).collect::<Vec<_>>())
            .collect();
        all.sort_by_key(|(id, dead)| (dead.died_at, *id, dead.letter.number));
        all
    }
}
