//! A stored mail becomes something for a conversation: from its bytes, its envelope and the settings, the same at every try.
//!
//! What cannot be read, and what has come round to where it came from, waits for a person (要確認). Nothing here answers
//! anybody, and nothing of it is in a hurry: the sender has its 250.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::ending::{keep, park, settle};
use super::{Kept, MailIn};
use crate::actors::{Core, inbox, raw};
use crate::channels::ParsedEvent;
use crate::channels::mail::bounce::{Fate, Report};
use crate::channels::mail::ids::OwnCopy;
use crate::channels::mail::read::{From, Letter, Limits, read};
use crate::channels::mail::thread::{self, Claim, Head, Ours};
use crate::channels::mail::{address, auto, prove, setup};
use crate::domain::content::StoredFile;
use crate::domain::conversation::{Conversation, InboundKind};
use crate::domain::id::{ConversationId, FileId, WindowId};
use crate::domain::mail::{MailAddress, MailMark, SenderProof};
use crate::domain::message::Content;
use crate::domain::org::{Inbox, InboxSettings};
use crate::domain::record::By;
use crate::domain::time::Timestamp;
use crate::domain::window::{RawAccepted, RawReason};
use crate::failure::Failure;
use crate::handle::{Taken, store_failed};
use crate::journal::writer::Lane;

/// How long reading waits for the read models, in milliseconds.
pub(super) const CATCH_UP_MS: i64 = 2_000;

/// What becomes of a mail.
enum Fortune {
    /// It belongs into a conversation.
    Shown(Box<ParsedEvent>),
    /// It says what became of a copy of ours.
    Told(Box<ParsedEvent>),
    /// A person is to look at it.
    Parked(RawReason),
    /// Nobody need see it: why, for a counter.
    Folded(&'static str),
}

/// A stored mail that was looked at by itself, whatever comes before it.
pub(super) struct Prepared {
    inbox: Inbox,
    /// What it came with, its file and its bytes; `None` where they are gone.
    came: Option<(Kept, FileId, Arc<Vec<u8>>)>,
    letter: Option<Letter>,
    /// How far its sender is known, where that was asked already.
    proof: Option<SenderProof>,
}

/// What is left to do about a mail that was delivered.
pub(super) struct Rest {
    file: FileId,
    /// Where it is in a conversation: its id.
    shown: Option<String>,
}

/// Interprets one stored mail and says so in the journal. What waits for a person stays, as does what cannot be told now.
pub(crate) async fn interpret(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
) -> Result<Taken, Failure> {
    let prepared = prepare(core, accepted).await?;
    let (taken, rest) = deliver(core, window, by, accepted, prepared).await?;
    if let Some(rest) = rest {
        finish(core, window, by, accepted, rest).await?;
    }
    Ok(taken)
}

/// What of a mail needs no other: its bytes are read, and whoever vouches for its sender is asked.
pub(super) async fn prepare(core: &Arc<Core>, accepted: &RawAccepted) -> Result<Prepared, Failure> {
    let inbox = core.views.org().inboxes.get(&accepted.inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
    let mail = core.mail_in.as_ref().ok_or(Failure::NotFound("mail"))?;
    let nothing = |inbox| Prepared { inbox, came: None, letter: None, proof: None };
    let kept = Kept::read(&raw::bytes_of(core, accepted).await?);
    let Some((kept, file)) = kept.and_then(|kept| kept.file().map(|file| (kept, file))) else {
        return Ok(nothing(inbox));
    };
    let Some(bytes) = bytes_of(core, file).await? else { return Ok(nothing(inbox)) };
    let bytes = Arc::new(bytes);
    let letter = letter(core, mail, &kept, &bytes).await?;
    let proof = match &letter {
        Some(letter) if letter.report.is_none() && !is_round(mail, letter) => Some(proof(mail, &kept, &bytes).await),
        _ => None,
    };
    Ok(Prepared { inbox, came: Some((kept, file, bytes)), letter, proof })
}

/// Brings a mail where it belongs: after every one of its account that came before it, which it may be an answer to.
pub(super) async fn deliver(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
    prepared: Prepared,
) -> Result<(Taken, Option<Rest>), Failure> {
    let Prepared { inbox, came, letter, proof } = prepared;
    let Some((kept, file, bytes)) = came else {
        return park(core, window, by, accepted, RawReason::Unparsable).await.map(|taken| (taken, None));
    };
    let came = Came { kept: &kept, file, inbox: &inbox, received_at: accepted.received_at };
    let rest = |taken: Taken, shown| {
        let rest = (!taken.stored_whole).then_some(Rest { file, shown });
        (taken, rest)
    };
    match fortune(core, window, &came, &bytes, letter, proof).await? {
        Fortune::Parked(why) => {
            count(why_word(why));
            park(core, window, by, accepted, why).await.map(|taken| (taken, None))
        }
        Fortune::Folded(why) => {
            count(why);
            Ok(rest(Taken { recorded: 0, duplicates: 0, parked: 0, stored_whole: false }, None))
        }
        Fortune::Told(event) => {
            let taken = inbox::take_events(core, &inbox, vec![*event], accepted.received_at).await?;
            if !taken.stored_whole {
                count("report");
            }
            Ok(rest(taken, None))
        }
        Fortune::Shown(event) => {
            let message_id = match &event.what {
                InboundKind::Message { content: Content::Mail(mail), .. } => mail.message_id.clone(),
                _ => String::new(),
            };
            let taken = inbox::take_events(core, &inbox, vec![*event], accepted.received_at).await?;
            if !taken.stored_whole {
                count(if taken.duplicates > 0 { "duplicate" } else { "shown" });
            }
            Ok(rest(taken, Some(message_id)))
        }
    }
}

/// Says in the journal that a delivered mail is interpreted, and whose its file is from now on.
pub(super) async fn finish(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
    rest: Rest,
) -> Result<(), Failure> {
    if let Some(message_id) = &rest.shown {
        keep(core, window, rest.file, message_id).await?;
    }
    settle(core, window, by, accepted, rest.file).await
}

fn count(outcome: &'static str) {
    metrics::counter!("madoguchi_mail_received_total", "outcome" => outcome).increment(1);
}

fn why_word(why: RawReason) -> &'static str {
    match why {
        RawReason::Loop => "loop",
        RawReason::Forwarder => "forwarder",
        RawReason::Unparsable | RawReason::Busy | RawReason::SetAside => "unreadable",
    }
}

/// A mail and what it came with.
struct Came<'a> {
    kept: &'a Kept,
    file: FileId,
    inbox: &'a Inbox,
    received_at: Timestamp,
}

/// The bytes of a stored mail; `None` where they are gone.
async fn bytes_of(core: &Core, file: FileId) -> Result<Option<Vec<u8>>, Failure> {
    let store = core.content.clone();
    let read = core.pool.run(Lane::Ordinary, move || {
        use std::io::Read as _;
        let Some((_, mut file)) = store.read(file)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(Some(bytes))
    });
    read.await?.map_err(|error| {
        tracing::error!(%error, "a stored mail could not be read");
        Failure::Interrupted
    })
}

/// Reads a mail on a thread that may take its time. One that fails its reader is for a person.
async fn letter(core: &Core, mail: &MailIn, kept: &Kept, bytes: &Arc<Vec<u8>>) -> Result<Option<Letter>, Failure> {
    let (bytes, sender) = (bytes.clone(), kept.sender.clone());
    let is_expected_report = kept.recipients.iter().any(|one| one.copy().is_some());
    let limits = Limits { max_attachment: mail.config.max_attachment };
    let began = std::time::Instant::now();
    let letter = core.pool.run(Lane::Ordinary, move || {
        let from = From { sender: sender.as_deref(), is_expected_report };
        catch_unwind(AssertUnwindSafe(|| read(&bytes, from, limits)))
    });
    let letter = letter.await?;
    let outcome = if matches!(letter, Ok(Ok(_))) { "read" } else { "unreadable" };
    metrics::histogram!("madoguchi_mail_read_seconds", "outcome" => outcome).record(began.elapsed().as_secs_f64());
    Ok(match letter {
        Ok(Ok(letter)) => Some(letter),
        Ok(Err(why)) => {
            tracing::info!(why = why.code(), "a mail cannot be read");
            None
        }
        Err(_) => {
            tracing::error!("reading a mail failed; it waits for a person");
            None
        }
    })
}

async fn fortune(
    core: &Arc<Core>,
    window: &WindowId,
    came: &Came<'_>,
    bytes: &[u8],
    letter: Option<Letter>,
    known: Option<SenderProof>,
) -> Result<Fortune, Failure> {
    let mail = core.mail_in.as_ref().ok_or(Failure::NotFound("mail"))?;
    let engine = crate::handle::Handle::of(core.clone());
    let sender = came.kept.sender.as_deref().unwrap_or_default();
    if engine.setup_mail_came(came.inbox.id, bytes, sender, came.kept.stranger()).await {
        return Ok(Fortune::Folded("setup"));
    }
    let Some(mut letter) = letter else { return Ok(Fortune::Parked(RawReason::Unparsable)) };
    let InboxSettings::Mail(settings) = &came.inbox.settings else { return Ok(Fortune::Parked(RawReason::Unparsable)) };
    if let Some(report) = &letter.report
        && let Some(told) = told(core, mail, came, &letter, report).await?
    {
        return Ok(told);
    }
    let company: Vec<String> = settings.addresses.iter().map(|one| one.address.clone()).collect();
    let ours = Ours { domain: &mail.domain, company: &company };
    if is_round(mail, &letter) {
        return Ok(Fortune::Parked(RawReason::Loop));
    }
    if ours.has(&letter.mail.from.address) && !find_original(&mut letter, ours) {
        return Ok(Fortune::Parked(RawReason::Forwarder));
    }
    letter.mail.sender = match known {
        Some(proof) => proof,
        None => proof(mail, came.kept, bytes).await,
    };
    if letter.mail.sender != SenderProof::None && setup::is_confirmation(&letter.mail.from.address) {
        engine.confirmation_came(came.inbox.id, &letter.mail.from.address, &letter.mail.subject, &letter.mail.text);
        return Ok(Fortune::Folded("confirmation"));
    }
    let belongs = conversation(core, mail, window, came, &letter).await?;
    if belongs.is_none() && letter.mail.is(MailMark::AutoReply) {
        return Ok(Fortune::Folded("automatic"));
    }
    let is_rush = mail.rush.note(came.inbox.id, &letter.mail.from.address, core.now());
    let to = belongs.as_ref().map_or_else(|| contact(&letter).address, |state| state.external_id.clone());
    if is_rush || was_answered(core, window, came, &to).await? {
        letter.mail.mark(MailMark::NoAutoReply);
    }
    Ok(Fortune::Shown(Box::new(event(came, letter, belongs, ours))))
}

/// Whether this address had an automatic answer within the time in which it gets one. Mails of a window are read one after
/// another, so that two that came together do not both find none.
async fn was_answered(core: &Arc<Core>, window: &WindowId, came: &Came<'_>, to: &str) -> Result<bool, Failure> {
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let (stream, inbox, to) = (view.stream, came.inbox.id, to.to_owned());
    core.caught_up_within(stream, CATCH_UP_MS).await?;
    let answered = core.read(Lane::Ordinary, move |store| store.answered_at(stream, inbox, &to)).await?;
    let answered = answered.map_err(|fault| store_failed(&fault))?;
    Ok(answered.is_some_and(|at| core.now().since_ms(at) < auto::ONCE_WITHIN_MS))
}

/// Who wrote a mail that a forwarder made a new one of. Whether anybody is found.
fn find_original(letter: &mut Letter, ours: Ours<'_>) -> bool {
    let reply_to = match letter.mail.reply_to.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let found = letter.original_sender.clone().or(reply_to).filter(|one| !ours.has(&one.address));
    let Some(found) = found else { return false };
    letter.mail.from = found;
    letter.mail.reply_to.clear();
    letter.mail.mark(MailMark::Forwarded);
    true
}

/// Whether a mail has come round to where it came from.
fn is_round(mail: &MailIn, letter: &Letter) -> bool {
    let is_own = letter.loop_ids.iter().any(|id| *id == mail.ids.instance());
    let is_from_us = letter.mail.from.address.rsplit_once('@').is_some_and(|(_, domain)| domain == mail.domain);
    is_own || letter.is_looping || is_from_us
}

async fn proof(mail: &MailIn, kept: &Kept, bytes: &[u8]) -> SenderProof {
    let proof = prove::prove(bytes, kept.sender.as_deref(), kept.stranger(), &mail.config, &mail.dns).await;
    let word = match proof {
        SenderProof::None => "none",
        SenderProof::Forwarded => "forwarded",
        SenderProof::Proven => "proven",
    };
    metrics::counter!("madoguchi_mail_proofs_total", "proof" => word).increment(1);
    proof
}

/// The conversation that a mail belongs to; `None` for a new one.
async fn conversation(
    core: &Arc<Core>,
    mail: &MailIn,
    window: &WindowId,
    came: &Came<'_>,
    letter: &Letter,
) -> Result<Option<Box<Conversation>>, Failure> {
    // Somebody absent answers to the envelope's sender (RFC 3834), which says whose copy it was.
    let to = |one: &super::Recipient| one.conversation().or_else(|| one.copy().map(|copy| copy.mail.conversation));
    let proven = came.kept.recipients.iter().find_map(to);
    let proven = proven.into_iter().chain(thread::answered(letter, &mail.ids).map(|own| own.conversation));
    let mut claims: Vec<Claim> = proven.map(Claim::Proven).collect();
    if claims.is_empty() {
        claims.extend(referred(core, window, letter).await?);
    }
    for claim in claims {
        let (Claim::Proven(id) | Claim::Referred(id, _)) = claim;
        let Some(row) = core.row(id).await? else { continue };
        if row.state.inbox != came.inbox.id {
            continue;
        }
        let fits = match claim {
            Claim::Proven(_) => true,
            Claim::Referred(id, number) => wrote_or_got(core, id, number, letter, &row.state).await?,
        };
        if fits {
            return Ok(Some(Box::new(Arc::unwrap_or_clone(row.state))));
        }
    }
    Ok(None)
}

/// Mails of others that a letter refers to, and that are in this window.
async fn referred(core: &Arc<Core>, window: &WindowId, letter: &Letter) -> Result<Vec<Claim>, Failure> {
    let ids: Vec<String> = thread::referred(letter).into_iter().cloned().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let stream = view.stream;
    core.caught_up_within(stream, CATCH_UP_MS).await?;
    let found = core.read(Lane::Ordinary, move |store| {
        ids.iter().map(|id| store.letter(stream, id)).collect::<Result<Vec<_>, _>>()
    });
    let found = found.await?.map_err(|fault| store_failed(&fault))?;
    Ok(found.into_iter().flatten().map(|(id, number)| Claim::Referred(id, number)).collect())
}

/// Whether the sender wrote or got the mail that they refer to: who merely knows its id does not join.
async fn wrote_or_got(
    core: &Arc<Core>,
    id: ConversationId,
    number: u32,
    letter: &Letter,
    state: &Conversation,
) -> Result<bool, Failure> {
    if thread::is_participant(letter, state.context.as_ref(), &state.external_id) {
        return Ok(true);
    }
    let engine = crate::handle::Handle::of(core.clone());
    match engine.message(id, number).await {
        Ok(row) => Ok(matches!(&row.content, Content::Mail(mail) if mail.has_participant(&letter.mail.from.address))),
        Err(Failure::NotFound(_)) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Whom a mail counts as from: where it wants answers to go, if that is believable, else who it says wrote it. Forms name
/// the customer there; so do attackers.
fn contact(letter: &Letter) -> MailAddress {
    let from = &letter.mail.from;
    let [one] = letter.mail.reply_to.as_slice() else { return from.clone() };
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let is_believable = letter.mail.sender != SenderProof::None || domain(&one.address) == domain(&from.address);
    if is_believable { one.clone() } else { from.clone() }
}

fn event(came: &Came<'_>, letter: Letter, belongs: Option<Box<Conversation>>, ours: Ours<'_>) -> ParsedEvent {
    let event_id = thread::event_id(&letter);
    let contact = contact(&letter);
    let mut letter = letter;
    let is_stranger = belongs
        .as_ref()
        .is_some_and(|state| !thread::is_participant(&letter, state.context.as_ref(), &state.external_id));
    if is_stranger {
        letter.mail.mark(MailMark::Stranger);
    }
    letter.mail.file = Some(StoredFile {
        id: came.file,
        mime: super::accept::MIME.to_owned(),
        bytes: came.kept.bytes,
        size: None,
        preview: None,
    });
    // Nobody moves where answers go who was not part of it before, and no machine does.
    let leads = !is_stranger && !letter.mail.is(MailMark::AutoReply);
    let context =
        leads.then(|| Head::answering(&letter.mail, &contact, ours).into_context(&letter.mail.subject)).map(Box::new);
    // What cannot be true is the time of receipt.
    let at = letter.date_ms.map(Timestamp).filter(|at| at.0 > 0 && *at <= came.received_at.plus_ms(86_400_000));
    let external_id = if letter.mail.message_id.is_empty() { event_id.clone() } else { letter.mail.message_id.clone() };
    letter.mail.message_id.clone_from(&external_id);
    ParsedEvent {
        external_id: contact.address,
        thread: belongs.map_or_else(|| thread::new_thread(&event_id), |state| state.thread),
        at: at.unwrap_or(came.received_at),
        redelivery: false,
        who: None,
        context,
        what: InboundKind::Message {
            external_id: Some(external_id),
            content: Content::Mail(Box::new(letter.mail)),
            reply_token: None,
            read_token: None,
            raw: serde_json::to_string(came.kept).ok(),
        },
        event_id,
    }
}

/// A report about a copy of ours. By the address that it came to, else by the mail that it speaks of.
async fn told(
    core: &Arc<Core>,
    mail: &MailIn,
    came: &Came<'_>,
    letter: &Letter,
    report: &Report,
) -> Result<Option<Fortune>, Failure> {
    // Somebody else's mail, with one of our addresses as its sender; or what a postmaster wrote with their own hands.
    let stray = || Ok(report.is_formal.then_some(Fortune::Folded("stray_report")));
    let by_address = came.kept.recipients.iter().find_map(super::Recipient::copy);
    let copy = match by_address {
        Some(copy) => Some(copy),
        None => by_words(core, mail, report).await?,
    };
    let Some(copy) = copy else { return stray() };
    let Some(row) = core.row(copy.mail.conversation).await? else { return stray() };
    if row.state.inbox != came.inbox.id {
        return stray();
    }
    let fate = match report.fate {
        Fate::Failed => "failed",
        Fate::Delayed => "delayed",
        Fate::Delivered => "delivered",
        Fate::Opened => "opened",
    };
    metrics::counter!("madoguchi_mail_reports_total", "fate" => fate).increment(1);
    let Some(what) = super::report::kind(copy, report) else {
        return Ok(Some(Fortune::Folded("report")));
    };
    Ok(Some(Fortune::Told(Box::new(ParsedEvent {
        event_id: thread::event_id(letter),
        external_id: row.state.external_id.clone(),
        thread: row.state.thread.clone(),
        at: came.received_at,
        redelivery: false,
        who: None,
        context: None,
        what,
    }))))
}

/// The copy that a report speaks of which came to another address: a mail of ours whose id it returns.
async fn by_words(core: &Arc<Core>, mail: &MailIn, report: &Report) -> Result<Option<OwnCopy>, Failure> {
    let Some(own) = report.about.iter().find_map(|id| mail.ids.mail(id)) else { return Ok(None) };
    let engine = crate::handle::Handle::of(core.clone());
    let row = match engine.message(own.conversation, own.number).await {
        Ok(row) => row,
        Err(Failure::NotFound(_)) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Content::Mail(sent) = &row.content else { return Ok(None) };
    let Some(recipient) = &report.recipient else { return Ok(None) };
    let place =
        sent.to.iter().chain(&sent.cc).position(|one| address::normalise(&one.address).as_ref() == Some(recipient));
    Ok(place.and_then(|place| u16::try_from(place).ok()).map(|recipient| OwnCopy { mail: own, recipient }))
}
