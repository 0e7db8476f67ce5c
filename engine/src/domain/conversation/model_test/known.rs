//! The reference: what follows from the commands that were granted.

use super::*;

/// What the reference knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) now: i64,
    pub(super) born: bool,
    pub(super) set_aside: bool,
    pub(super) done: bool,
    pub(super) holder: Option<AgentId>,
    /// The bot holds the seat, and until when it must answer.
    pub(super) bot: bool,
    pub(super) answer_by: Option<i64>,
    /// What waits to be told to the bot: which, whether it is a message, and whether it is the word of a loss.
    pub(super) letters: Vec<(u32, Option<u32>, bool)>,
    pub(super) last_letter: u32,
    /// A bot stands in front of the window.
    pub(super) fronted: bool,
    /// The customer's messages that came, and those that were taken back.
    pub(super) known: BTreeSet<String>,
    pub(super) gone: BTreeSet<String>,
    pub(super) dead: Vec<(u32, Option<u32>, i64)>,
    pub(super) epoch: u64,
    pub(super) offered: Option<(AgentId, i64)>,
    /// Since when the holder is away, and whether the seat was opened to others.
    pub(super) away: Option<(i64, bool)>,
    pub(super) waiting_since: Option<i64>,
    pub(super) new_since: i64,
    pub(super) last_number: u32,
    /// What has not gone out: whether it was begun, and whether as a free answer.
    pub(super) outbox: BTreeMap<u32, Option<bool>>,
    /// When each message and memo was written.
    pub(super) written_at: BTreeMap<u32, i64>,
    pub(super) token_since: Option<i64>,
    /// Who wrote which memo.
    pub(super) notes: BTreeMap<u32, AgentId>,
    pub(super) client_ids: BTreeMap<(AgentId, String), (u32, String)>,
}

impl Known {
    /// Whether the rules grant the command: what a reader of PRODUCT V1–V5 would say.
    pub(super) fn grants(&self, command: &Command) -> bool {
        let holds = |agent: &AgentId, epoch: &u64| self.holder == Some(*agent) && self.epoch == *epoch;
        let as_bot = |epoch: &u64| self.bot && self.epoch == *epoch;
        let open = self.away.is_some_and(|(_, open)| open);
        let repeated = |agent: &AgentId, client_id: &String| self.client_ids.get(&(*agent, client_id.clone()));
        match command {
            Command::Inbound(_) => true,
            _ if !self.born => false,
            Command::FinishSend { .. }
            | Command::EndCopy { .. }
            | Command::KeepMedia { .. }
            | Command::AgentAway { .. }
            | Command::AgentReturned { .. }
            | Command::DropAgent { .. }
            | Command::DeadlineReached { .. }
            | Command::SettleUnsend { .. }
            | Command::SetAside
            | Command::BotTold { .. }
            | Command::LetterFailed { .. }
            | Command::DropLetters { .. }
            | Command::DetachBot
            | Command::TakeBack { .. } => true,
            _ if self.set_aside => false,
            Command::BotSend { seat_epoch, client_id, content: Content::Text(text), .. } => {
                repeated(&BOT, client_id).map_or(as_bot(seat_epoch), |(_, before)| before == text)
            }
            Command::BotHandOver { seat_epoch, .. } => as_bot(seat_epoch),
            Command::BotComplete { seat_epoch, heard } => {
                as_bot(seat_epoch) && self.letters.iter().all(|(_, message, _)| message.is_none_or(|n| n <= *heard))
            }
            Command::ReturnToBot { agent, seat_epoch, .. } => holds(agent, seat_epoch) && self.fronted,
            Command::ReplayLetters { .. } => true,
            Command::Claim { agent } => self.holder.is_none_or(|holder| holder == *agent || open),
            Command::TakeOver { agent, supervisor, .. } => {
                self.holder.is_none_or(|holder| holder == *agent || open || *supervisor)
            }
            Command::Release { agent, seat_epoch } | Command::Complete { agent, seat_epoch } => {
                holds(agent, seat_epoch)
            }
            Command::OfferHandover { agent, seat_epoch, to, .. } => holds(agent, seat_epoch) && agent != to,
            Command::AcceptHandover { agent } => self.offered.is_some_and(|(to, _)| to == *agent),
            Command::EndHandover { agent } => {
                self.offered.is_some_and(|(to, _)| to == *agent || self.holder == Some(*agent))
            }
            Command::Send { agent, seat_epoch, client_id, content: Content::Text(text), .. } => {
                repeated(agent, client_id).map_or(holds(agent, seat_epoch), |(_, before)| before == text)
            }
            Command::AddNote { agent, client_id, text } => {
                repeated(agent, client_id).is_none_or(|(_, before)| before == text)
            }
            Command::Cancel { agent, seat_epoch, number } => {
                holds(agent, seat_epoch) && self.outbox.get(number) == Some(&None)
            }
            Command::BeginSend(plan) => self.outbox.contains_key(&plan.numbers[0]),
            Command::EditNote { agent, number, .. } | Command::DeleteNote { agent, number } => {
                self.notes.get(number) == Some(agent)
            }
            Command::Assign { .. } | Command::SeeName { .. } | Command::SeePicture { .. } => true,
            Command::Send { .. } | Command::BeginCopy { .. } | Command::BotSend { .. } => false,
            Command::Supervise { act: Overseen::Complete | Overseen::Release, .. } => true,
            Command::Supervise { act: Overseen::HandOver { to }, .. } => {
                self.holder.is_some_and(|holder| holder != *to)
            }
        }
    }

    pub(super) fn free(&mut self, done: bool) {
        (self.holder, self.offered, self.away, self.done) = (None, None, None, done);
        (self.bot, self.answer_by) = (false, None);
        if done {
            self.waiting_since = None;
        } else {
            self.new_since = self.now;
        }
    }

    pub(super) fn seat(&mut self, agent: AgentId) {
        if self.bot {
            self.letters.clear();
            self.tell(None, true);
        }
        (self.bot, self.answer_by) = (false, None);
        (self.holder, self.offered, self.away, self.done) = (Some(agent), None, None, false);
        self.epoch += 1;
    }

    pub(super) fn seat_bot(&mut self) {
        (self.holder, self.offered, self.away, self.done, self.bot) = (None, None, None, false, true);
        self.epoch += 1;
        self.answer_by = self.waiting_since.map(|_| self.now + BOT_MS);
    }

    pub(super) fn tell(&mut self, message: Option<u32>, loss: bool) {
        self.last_letter += 1;
        self.letters.push((self.last_letter, message, loss));
    }

    pub(super) fn bury(&mut self, (letter, message, loss): (u32, Option<u32>, bool)) {
        if !loss {
            self.dead.push((letter, message, self.now));
            if self.dead.len() > DEAD {
                self.dead.remove(0);
            }
        }
    }

    /// The bot loses the seat in another way than to a person or by its own wish.
    pub(super) fn lose_bot(&mut self) {
        self.free(false);
        for letter in std::mem::take(&mut self.letters) {
            self.bury(letter);
        }
        self.tell(None, true);
    }

    pub(super) fn hear(&mut self, inbound: &Inbound) {
        let begins = !self.born || self.done || (self.epoch == 0 && self.last_number == 0);
        if !self.born {
            (self.born, self.new_since) = (true, self.now);
        }
        let (id, taken_back, reply_token) = match &inbound.what {
            InboundKind::Message { external_id, reply_token, .. } => {
                let id = external_id.clone().expect("the test names every message");
                let taken_back = self.gone.contains(&id);
                (id, taken_back, reply_token)
            }
            InboundKind::Unsend { external_id } => {
                let known = self.known.contains(external_id);
                if self.gone.insert(external_id.clone()) && known && self.bot {
                    self.tell(None, false);
                }
                return;
            }
            _ => return,
        };
        if self.done {
            self.free(false);
        }
        if self.bot && self.letters.len() >= LETTERS {
            self.lose_bot();
        } else if begins && !self.set_aside && self.fronted {
            self.seat_bot();
        }
        self.last_number += 1;
        self.waiting_since.get_or_insert(self.now);
        if reply_token.is_some() {
            self.token_since = Some(self.now);
        }
        self.known.insert(id);
        if self.bot {
            self.answer_by.get_or_insert(self.now + BOT_MS);
            self.tell(Some(self.last_number), false);
            if taken_back {
                self.tell(None, false);
            }
        }
    }

    pub(super) fn write(&mut self, agent: AgentId, client_id: &str, text: &str) -> Option<u32> {
        let key = (agent, client_id.to_owned());
        if self.client_ids.contains_key(&key) {
            return None;
        }
        self.last_number += 1;
        self.written_at.insert(self.last_number, self.now);
        self.client_ids.insert(key, (self.last_number, text.to_owned()));
        Some(self.last_number)
    }

    pub(super) fn begin(&mut self, number: u32, push_only: bool) {
        match self.outbox[&number] {
            Some(true) => {
                self.outbox.remove(&number);
            }
            // The platform has forgotten its key.
            Some(false) if self.now - self.written_at[&number] >= limits::REPEATABLE_MS => {
                self.outbox.remove(&number);
            }
            Some(false) => {}
            None => {
                let alive = !push_only && self.token_since.is_some_and(|since| self.now - since < BUDGET_MS);
                if alive {
                    self.token_since = None;
                }
                self.outbox.insert(number, Some(alive));
            }
        }
    }

    pub(super) fn pass(&mut self, kind: DeadlineKind) {
        let away_for = self.away.map(|(since, _)| self.now - since);
        match kind {
            DeadlineKind::Handover if self.offered.is_some_and(|(_, at)| at <= self.now) => self.offered = None,
            DeadlineKind::Claimable if away_for.is_some_and(|ms| ms >= CLAIMABLE_MS) => {
                self.away = self.away.map(|(since, _)| (since, true));
            }
            DeadlineKind::SeatExpiry if away_for.is_some_and(|ms| ms >= EXPIRY_MS) => self.free(false),
            DeadlineKind::AutoClose
                if self.born
                    && !self.done
                    && self.holder.is_none()
                    && !self.bot
                    && self.now - self.new_since >= AUTO_CLOSE_MS =>
            {
                self.free(true);
            }
            DeadlineKind::BotAnswer if self.answer_by.is_some_and(|at| at <= self.now) => self.lose_bot(),
            DeadlineKind::DeadLetters => self.dead.retain(|(_, _, died)| self.now - died < DEAD_FOR_MS),
            _ => {}
        }
    }

    /// What a granted command of the bot, or about it, changes.
    pub(super) fn follow_bot(&mut self, command: &Command) {
        match command {
            Command::BotSend { client_id, content: Content::Text(text), .. } => {
                if let Some(number) = self.write(BOT, client_id, text) {
                    self.outbox.insert(number, None);
                    let more = self.letters.iter().skip(1).any(|(_, message, _)| message.is_some());
                    self.answer_by = more.then_some(self.now + BOT_MS);
                }
            }
            Command::BotHandOver { summary, .. } => {
                self.last_number += u32::from(summary.is_some());
                self.letters.clear();
                self.free(false);
            }
            Command::BotComplete { .. } => {
                self.letters.clear();
                self.free(true);
            }
            Command::BotTold { letter } => self.letters.retain(|(number, ..)| number != letter),
            Command::LetterFailed { letter, .. } => {
                let Some(place) = self.letters.iter().position(|(number, ..)| number == letter) else { return };
                let dead = self.letters.remove(place);
                self.bury(dead);
                if self.bot && !dead.2 {
                    self.lose_bot();
                }
            }
            Command::ReplayLetters { .. } if !self.dead.is_empty() => {
                let dead = std::mem::take(&mut self.dead);
                self.letters.extend(dead.into_iter().map(|(letter, message, _)| (letter, message, false)));
                self.letters.sort_unstable();
                if self.fronted && self.holder.is_none() && !self.bot && !self.done {
                    self.seat_bot();
                }
            }
            Command::DropLetters { .. } => self.dead.clear(),
            Command::ReturnToBot { .. } => {
                self.seat_bot();
                self.tell(None, false);
            }
            _ => {}
        }
    }

    /// To complete or release is to take the seat, unless one has it, and to use it.
    pub(super) fn supervised(&mut self, agent: AgentId, act: Overseen) {
        let is_done = match act {
            Overseen::Complete if self.done => return,
            Overseen::Release if self.holder.is_none() && !self.bot => return,
            Overseen::HandOver { to } => {
                if self.offered.is_none_or(|(asked, _)| asked != to) {
                    self.offered = Some((to, self.now + HANDOVER_MS));
                }
                return;
            }
            Overseen::Complete => true,
            Overseen::Release => false,
        };
        if self.holder != Some(agent) {
            self.seat(agent);
        }
        self.free(is_done);
    }

    /// What a granted command changes.
    pub(super) fn follow(&mut self, command: &Command) {
        match command {
            Command::Inbound(inbound) => self.hear(inbound),
            Command::Claim { agent } if self.holder == Some(*agent) => self.away = None,
            Command::TakeOver { agent, .. } if self.holder == Some(*agent) => {}
            Command::Claim { agent } | Command::TakeOver { agent, .. } | Command::AcceptHandover { agent } => {
                self.seat(*agent);
            }
            Command::Supervise { agent, act, .. } => self.supervised(*agent, *act),
            Command::Release { .. } => self.free(false),
            Command::Complete { .. } => self.free(true),
            Command::OfferHandover { to, .. } => self.offered = Some((*to, self.now + HANDOVER_MS)),
            Command::EndHandover { .. } => self.offered = None,
            Command::Send { agent, client_id, content: Content::Text(text), .. } => {
                if let Some(number) = self.write(*agent, client_id, text) {
                    self.outbox.insert(number, None);
                    self.waiting_since = None;
                }
            }
            Command::AddNote { agent, client_id, text } => {
                if let Some(number) = self.write(*agent, client_id, text) {
                    self.notes.insert(number, *agent);
                }
            }
            Command::DeleteNote { number, .. } => {
                self.notes.remove(number);
            }
            Command::Cancel { number, .. } => {
                self.outbox.remove(number);
            }
            Command::BeginSend(plan) => self.begin(plan.numbers[0], plan.no_reply),
            Command::FinishSend { lead, outcome } => match self.outbox.get_mut(lead) {
                Some(begun @ Some(_)) if *outcome == SendOutcome::Abandoned => *begun = None,
                Some(Some(_)) => {
                    self.outbox.remove(lead);
                }
                _ => {}
            },
            Command::AgentAway { agent, since } if self.holder == Some(*agent) => {
                self.away.get_or_insert((since.0, false));
            }
            Command::AgentReturned { agent } if self.holder == Some(*agent) => self.away = None,
            Command::DropAgent { agent, .. } if self.holder == Some(*agent) => self.free(false),
            Command::DropAgent { agent, .. } if self.offered.is_some_and(|(to, _)| to == *agent) => self.offered = None,
            Command::DeadlineReached { kind } => self.pass(*kind),
            Command::SetAside => self.set_aside = true,
            Command::TakeBack { .. } => self.set_aside = false,
            other => self.follow_bot(other),
        }
    }
}

pub(super) fn heard_in(about: &About) -> Option<u32> {
    match about {
        About::Message(number) => Some(*number),
        _ => None,
    }
}
