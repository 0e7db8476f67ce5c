//! Windows as administrators see to them: adding, describing, products, the trial, the reset.
//!
//! All of it is done in turn, one after the other over all windows: a name, the last product and the last window are
//! looked at and taken in one step, whoever else wishes the same.

use super::Handle;
use crate::actors::{start, windows};
use crate::domain::conversation::Status;
use crate::domain::id::{FileId, InboxId, WindowId};
use crate::domain::org::{self, More, WindowEntry};
use crate::domain::record::By;
use crate::domain::rejected::Rejected;
use crate::domain::window::{Command, Picture, Profile};
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::readmodel::{ReadFault, ReadModels};

/// What a new window is to be.
#[derive(Clone, Debug)]
pub struct NewWindow {
    /// Its address.
    pub id: WindowId,
    /// Its product.
    pub product: u16,
    /// What customers and agents see.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// A picture; see [`Handle::store_picture`].
    pub picture: Option<FileId>,
}

/// What of a window is to be otherwise. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What customers see.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// A picture, or none.
    pub picture: Option<Option<FileId>>,
}

/// What a reset would end and what it would leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetPreview {
    /// Its name, which has to be typed.
    pub name: String,
    /// Who works there.
    pub agents: usize,
    /// Conversations that are not done.
    pub open: usize,
    /// Of them those that somebody holds.
    pub held: usize,
    /// Answers that have not gone out.
    pub waiting_answers: usize,
    /// Its accounts.
    pub inboxes: Vec<InboxId>,
    /// All its conversations.
    pub conversations: usize,
    /// Identities of customers.
    pub contact_points: usize,
    /// Windows that were reset before and still have content.
    pub former: usize,
    /// It is the last one.
    pub is_last: bool,
}

impl Handle {
    /// Adds a window that nothing more is said of.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn create_window(
        &self,
        by: By,
        id: WindowId,
        name: String,
        product: u16,
    ) -> Result<WindowEntry, Failure> {
        self.add_window(by, NewWindow { id, product, name, description: String::new(), picture: None }).await
    }

    /// Adds a window: the organisation's record first, then the window's own stream.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn add_window(&self, by: By, new: NewWindow) -> Result<WindowEntry, Failure> {
        self.core.work_allowed()?;
        self.trial_allows(by)?;
        let NewWindow { id, product, name, description, picture } = new;
        let _turn = self.core.org_turn.lock().await;
        let picture = match picture {
            Some(file) => Some(self.take_picture(by, file).await?),
            None => None,
        };
        let invite = Some(self.core.config.chance.bits());
        let entry = WindowEntry {
            id,
            stream: start::new_stream(&self.core),
            name,
            product,
            created_at: self.core.now(),
            more: More { description, picture, invite, reserved: None },
        };
        let id = entry.id.clone();
        self.decide_org(by, org::Command::CreateWindow(entry)).await?;
        windows::settle(&self.core, &id).await?;
        if let Some(mail) = self.new_mail(&id) {
            self.decide_org(By::Engine, org::Command::CreateInbox(mail)).await?;
        }
        self.org().windows.get(&id).cloned().ok_or(Failure::Interrupted)
    }

    /// Calls or describes a window otherwise, or gives it another picture. Every open console hears of it.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn change_window(&self, by: By, id: &WindowId, change: Change) -> Result<(), Failure> {
        self.core.work_allowed()?;
        let _turn = self.core.org_turn.lock().await;
        let now = self.here(id)?.profile();
        let picture = match change.picture {
            None => now.picture,
            Some(None) => None,
            Some(Some(file)) => Some(self.take_picture(by, file).await?),
        };
        let profile = Profile {
            name: change.name.unwrap_or_else(|| now.name.clone()),
            description: change.description.unwrap_or_else(|| now.description.clone()),
            picture,
        };
        self.decide_org(by, org::Command::DescribeWindow { window: id.clone(), profile }).await?;
        let renamed = now.name != self.here(id)?.name;
        windows::follow_profile(&self.core, by, id).await?;
        if renamed {
            windows::rename_at_platforms(&self.core, id);
        }
        Ok(())
    }

    /// Binds a window to another product. One of it must be free, and hold as many agents as the window has.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn change_product(&self, by: By, id: &WindowId, product: u16) -> Result<(), Failure> {
        self.core.work_allowed()?;
        self.trial_allows(by)?;
        let _turn = self.core.org_turn.lock().await;
        self.here(id)?;
        // A change that was interrupted is finished first; what became of it shows in what follows.
        match windows::settle_product(&self.core, By::Engine, id).await {
            Ok(()) | Err(Failure::Rejected(_)) => {}
            Err(failure) => return Err(failure),
        }
        self.decide_org(by, org::Command::ReserveProduct { window: id.clone(), product }).await?;
        windows::settle_product(&self.core, by, id).await
    }

    /// Begins a trial.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn start_trial(&self, by: By) -> Result<(), Failure> {
        let now = self.core.now();
        self.org_command(by, org::Command::StartTrial { now }).await
    }

    /// What a person does needs a contract once the trial is over; what customers write does not.
    pub(super) fn trial_allows(&self, by: By) -> Result<(), Failure> {
        let is_over = matches!(by, By::Agent(_)) && self.core.views.org().is_trial_over(self.core.now());
        if is_over { Err(Failure::Rejected(Rejected::TrialOver)) } else { Ok(()) }
    }

    /// What a reset of this window would do now.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn reset_preview(&self, id: &WindowId) -> Result<ResetPreview, Failure> {
        let entry = self.here(id)?;
        let view = self.core.views.window(id).ok_or(Failure::NotFound("window"))?;
        let stream = view.stream;
        self.core.caught_up(stream).await?;
        let count = move |store: &ReadModels| {
            let conversations = store.threads_count(stream)?;
            Ok::<_, ReadFault>((conversations, store.contact_points_count(stream)?))
        };
        let counted = self.core.read(Lane::Ordinary, count).await?;
        let (conversations, contact_points) = counted.map_err(|fault| super::store_failed(&fault))?;
        let live = view.all_live();
        let org = self.org();
        let kept = |former: &&org::reset::Former| former.content == org::reset::Content::Kept;
        Ok(ResetPreview {
            name: entry.name,
            agents: view.window().members.len(),
            open: live.iter().filter(|row| row.state.status != Status::Done).count(),
            held: live.iter().filter(|row| row.state.status == Status::InProgress).count(),
            waiting_answers: live.iter().map(|row| row.state.outbox.len()).sum(),
            inboxes: org.inboxes.values().filter(|inbox| inbox.window == *id).map(|inbox| inbox.id).collect(),
            conversations,
            contact_points,
            former: org.former.iter().filter(kept).count(),
            is_last: org.is_last_window(id),
        })
    }

    /// Ends a window for good. `name` is what its reader typed; `erase` must be said for the last window, and for no other.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn reset_window(&self, by: By, id: &WindowId, name: &str, erase: bool) -> Result<(), Failure> {
        let _turn = self.core.org_turn.lock().await;
        let entry = self.here(id)?;
        let typed = Profile { name: name.to_owned(), ..Profile::default() }.checked().map(|profile| profile.name);
        if typed.as_ref() != Ok(&entry.name) && name != entry.name {
            return Err(Rejected::invalid("name", "the name of the window that is to be reset").into());
        }
        let is_last = self.org().is_last_window(id);
        if erase != is_last {
            let rule = if is_last { "true, for the last window" } else { "false, as it is not the last window" };
            return Err(Rejected::invalid("erase_everything", rule).into());
        }
        let person = if let By::Agent(agent) = by { Some(agent) } else { None };
        let reset = Command::Reset { reset_at: self.core.now(), by: person, erase };
        let done = windows::offer(&self.core, by, id, &reset).await;
        // Whatever was answered: what is on disk counts.
        let is_reset = self.core.views.window(id).is_some_and(|view| view.window().reset.is_some());
        if !is_reset {
            return Err(done.err().unwrap_or(Failure::Interrupted));
        }
        windows::finish_reset(&self.core, id).await
    }

    /// Whether an account's window was reset, on disk.
    pub(super) async fn is_reset(&self, inbox: InboxId) -> Result<bool, Failure> {
        self.core.barrier().await?;
        let org = self.org();
        if org.retired.contains_key(&inbox) {
            return Ok(true);
        }
        let Some(window) = org.inboxes.get(&inbox).map(|inbox| &inbox.window) else { return Ok(false) };
        Ok(self.core.views.window(window).is_some_and(|view| view.window().reset.is_some()))
    }

    fn here(&self, id: &WindowId) -> Result<WindowEntry, Failure> {
        self.window(id).ok_or(Failure::NotFound("window"))?;
        self.org().windows.get(id).cloned().ok_or(Failure::NotFound("window"))
    }

    /// A picture that whoever wishes it has sent, or that a window has; kept for windows from now on.
    async fn take_picture(&self, by: By, file: FileId) -> Result<Picture, Failure> {
        let pictures = self.core.content.clone();
        let now = self.core.now();
        let org = self.org();
        let is_shown = move |id| {
            org.windows.values().any(|window| window.more.picture.as_ref().is_some_and(|picture| picture.file == id))
        };
        let take = move || crate::content::window_picture::take(&pictures, by, file, is_shown, now);
        let taken = self.core.pool.run(Lane::Ordinary, take).await?.map_err(|error| super::files::disk(&error))?;
        let name = taken.ok_or_else(|| Rejected::invalid("picture", "a picture of POST /api/v1/pictures"))?;
        Ok(Picture { file, name })
    }
}
