//! The audit log at work: one act after the other is linked to the chain and written to its stream.
//!
//! The stream comes into being with its first entry. Its head is kept in memory; after a write that was refused it is read
//! from the journal again, so that nothing is linked to what is not on disk. Beside the journal lies a mark of the newest
//! entry (`DIR/audit.mark`), which shows an end that was cut off; it may lag behind the log and is never ahead of it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Core, Decision, too_long};
use crate::audit::{MARK, Mark};
use crate::domain::audit::{Act, Actor, Begun, Entry, Event, Head, Outcome};
use crate::domain::id::{Position, StreamId};
use crate::domain::record::{By, Fact};
use crate::failure::Failure;
use crate::journal::writer::{Answer, Lane};
use crate::journal::{Fault, Journal, codec};

/// Records at the end of the log among which a start looks for acts that were cut off. Only what was in hand can be, and
/// far fewer acts than these are in hand at a time.
const CUT_OFF_AMONG: u64 = 10_000;

/// The log of a running engine.
pub(crate) struct Log {
    pub(crate) stream: StreamId,
    /// Where the chain stands, with entries on their way to the disk; `None` where the journal has to be asked.
    head: tokio::sync::Mutex<Option<Head>>,
    /// The newest entry that the mark names.
    marked: Mutex<Position>,
}

impl Log {
    pub(crate) fn new(stream: StreamId) -> Self {
        Self { stream, head: tokio::sync::Mutex::default(), marked: Mutex::default() }
    }
}

/// Writes an entry, durable on return. Without `begun` it is the beginning of an act.
pub(crate) async fn write(
    core: &Arc<Core>,
    begun: Option<Begun>,
    act: Act,
    outcome: Outcome,
) -> Result<Begun, Failure> {
    let writer = core.writer().ok_or(Failure::Stopping)?;
    let permit = writer.reserved(Lane::Ordinary).await.ok_or(Failure::Stopping)?;
    let (done, wait) = oneshot::channel();
    let answer: Answer = Box::new(move |result| {
        // Whoever no longer waits does not need the answer.
        let _ = done.send(result);
    });
    let mut head = core.audit.head.lock().await;
    let before = match *head {
        Some(head) => head,
        None => on_disk(core).await?,
    };
    let at = core.now();
    let by = match act.actor {
        Actor::Agent(agent) => By::Agent(agent),
        Actor::Operator => By::Operator,
        Actor::Invited => By::Engine,
    };
    let salt = core.config.chance.bits().to_be_bytes();
    let (entry, next) = before.link(at, begun, act.bounded(), outcome, salt);
    let decision = Decision {
        stream: core.audit.stream,
        window: None,
        by,
        at,
        events: vec![Fact::Audit(Event::Entry(entry))],
        touches: Vec::new(),
        dedupe: Vec::new(),
        after: Vec::new(),
        answer,
    };
    core.submit(permit, decision).map_err(too_long)?;
    // In the order of submission, which is that of the journal.
    *head = Some(next);
    drop(head);
    if wait.await.map_err(|_| Failure::Interrupted)?.is_err() {
        *core.audit.head.lock().await = None;
        return Err(Failure::Interrupted);
    }
    mark(core, next).await;
    Ok(Begun { position: next.position, at })
}

/// Where the journal says that the chain stands. Takes the stream into ownership where it is new.
async fn on_disk(core: &Arc<Core>) -> Result<Head, Failure> {
    // What was submitted before is on disk, or refused.
    core.barrier().await?;
    let (journal, stream) = (core.journal.clone(), core.audit.stream);
    let is_owned = core.owner_epochs.contains_key(&stream);
    let look = move || -> Result<_, Fault> {
        let epoch = if is_owned { None } else { Some(journal.own(stream)?) };
        Ok((epoch, newest(&*journal, stream)?))
    };
    let (epoch, head) = core.pool.run(Lane::Ordinary, look).await?.map_err(|fault| {
        tracing::error!(error = %fault, "the audit log cannot be read");
        Failure::Interrupted
    })?;
    if let Some(epoch) = epoch {
        core.owner_epochs.insert(stream, epoch);
    }
    Ok(head)
}

/// The newest entry of the log.
fn newest(journal: &dyn Journal, stream: StreamId) -> Result<Head, Fault> {
    let position = journal.head(stream);
    if position == Position(0) {
        return Ok(Head::default());
    }
    let stored = journal.read(stream, position, 1, usize::MAX)?;
    let entry = stored.first().and_then(|stored| entry_of(&stored.payload));
    let unreadable = || io::Error::other(format!("entry {position} of the audit log does not read back"));
    let entry = entry.ok_or_else(|| Fault::Io {
        what: "reading the audit log",
        path: std::path::PathBuf::new(),
        source: unreadable(),
    })?;
    Ok(Head { position, hash: entry.hash })
}

/// The entry that a record of the log holds.
pub(crate) fn entry_of(payload: &[u8]) -> Option<Entry> {
    let record = codec::decode(payload).ok()?;
    record.events.into_iter().find_map(|fact| match fact {
        Fact::Audit(Event::Entry(entry)) => Some(entry),
        _ => None,
    })
}

/// Notes the newest entry beside the journal. A mark that cannot be written only finds less.
async fn mark(core: &Arc<Core>, head: Head) {
    let marking = core.clone();
    let write = move || -> io::Result<()> {
        let mut marked = marking.audit.marked.lock();
        if head.position <= *marked {
            return Ok(());
        }
        put_mark(&marking.config.data_dir, head)?;
        *marked = head.position;
        Ok(())
    };
    match core.pool.run(Lane::Ordinary, write).await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the mark of the audit log was not written"),
    }
}

/// Not synced: after a power cut it may be an older one, which says less and nothing wrong.
fn put_mark(data_dir: &Path, head: Head) -> io::Result<()> {
    let path = data_dir.join(MARK);
    let part = path.with_extension("part");
    fs::write(&part, Mark(head).to_string())?;
    fs::rename(&part, &path)
}

/// Ends acts that the last process did not live to end: nobody can say what became of them.
pub(crate) async fn end_cut_off(core: &Arc<Core>) -> Result<(), Failure> {
    let (journal, stream) = (core.journal.clone(), core.audit.stream);
    let find = move || cut_off(&*journal, stream);
    let found = core.pool.run(Lane::Ordinary, find).await?.map_err(|fault| {
        tracing::error!(error = %fault, "the audit log cannot be read");
        Failure::Interrupted
    })?;
    for (begun, act) in found {
        write(core, Some(begun), act, Outcome::Unknown).await?;
    }
    Ok(())
}

fn cut_off(journal: &dyn Journal, stream: StreamId) -> Result<Vec<(Begun, Act)>, Fault> {
    let head = journal.head(stream);
    let mut next = Position(head.0.saturating_sub(CUT_OFF_AMONG) + 1);
    let (mut begun, mut ended) = (Vec::new(), HashSet::new());
    while next <= head {
        let chunk = journal.read(stream, next, 512, 8 << 20)?;
        let Some(last) = chunk.last() else { break };
        next = last.position.next();
        for stored in &chunk {
            let Some(entry) = entry_of(&stored.payload) else { continue };
            match entry.begun {
                Some(of) => {
                    ended.insert(of.position);
                }
                None => begun.push((Begun { position: stored.position, at: entry.at }, again(entry))),
            }
        }
    }
    begun.retain(|(begun, _)| !ended.contains(&begun.position));
    Ok(begun)
}

/// The act of an entry, to be told once more.
fn again(entry: Entry) -> Act {
    let Entry { actor, token, action, objects, words, .. } = entry;
    Act { actor, token, from: words.and_then(|words| words.from), action, objects, changes: Vec::new() }
}
