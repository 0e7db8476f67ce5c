//! People and their windows: who comes by an invitation, and several memberships in one call.
//!
//! The organisation decides first, each window for itself after it. Whoever came by an invitation gets their windows also
//! when the process ends between the two.

use std::collections::BTreeSet;

use super::Handle;
use crate::domain::id::{AgentId, InvitationId, WindowId};
use crate::domain::org::{self, Agent};
use crate::domain::record::By;
use crate::domain::window;
use crate::failure::Failure;

/// How long a window that could not answer is left alone before it is told again, in milliseconds.
const AGAIN_MS: i64 = 1_000;

/// What became of a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// A member from now on.
    Added,
    /// No member any more.
    Removed,
    /// It was so already.
    Kept,
    /// The window said no, or could not answer.
    Refused(Failure),
}

/// Each window, and what became of it.
pub type Memberships = Vec<(WindowId, Membership)>;

impl Handle {
    /// Somebody comes with the link of an invitation: they are a person from now on, and the link is spent. Answers with
    /// what each of their windows said; one that could not answer is told again.
    ///
    /// # Errors
    /// Rejected, or not now; then nothing happened.
    pub async fn accept_invitation(&self, id: InvitationId, agent: Agent) -> Result<Memberships, Failure> {
        self.org_command(By::Agent(agent.id), org::Command::AcceptInvitation { id, agent }).await?;
        let done = self.settle(id).await;
        if self.core.views.org().joining.contains_key(&id) {
            let again = self.clone();
            self.core.sender_arbiter.spawn(async move { again.settle_joining().await });
        }
        Ok(done)
    }

    /// Tells the windows of everybody who came by an invitation and whose windows were not told to the end.
    pub(crate) async fn settle_joining(&self) {
        while !self.core.is_stopping() {
            let waiting: Vec<InvitationId> = self.core.views.org().joining.keys().copied().collect();
            if waiting.is_empty() {
                return;
            }
            for id in waiting {
                self.settle(id).await;
            }
            self.core.config.clock.sleep_ms(AGAIN_MS).await;
        }
    }

    async fn settle(&self, id: InvitationId) -> Memberships {
        // One at a time: who was taken out of a window meanwhile must not be put into it once more.
        let _turn = self.core.joining_turn.lock().await;
        self.settle_in_turn(id).await
    }

    /// Before a person is taken out of a window: what their invitation still owes them is done as far as it can be now, and
    /// then it owes nothing. Else a window told later would have them back.
    pub(super) async fn end_joining(&self, agent: AgentId) -> Result<(), Failure> {
        let owed = |org: &org::Org| -> Vec<InvitationId> {
            org.joining.iter().filter(|(_, joining)| joining.agent == agent).map(|(id, _)| *id).collect()
        };
        if owed(&self.org()).is_empty() {
            return Ok(());
        }
        let _turn = self.core.joining_turn.lock().await;
        for id in owed(&self.org()) {
            self.settle_in_turn(id).await;
            // Whether the disk has room is not asked: this ends work.
            let _turn = self.core.org_turn.lock().await;
            self.decide_org(By::Engine, org::Command::SettleInvitation { id }).await?;
        }
        Ok(())
    }

    async fn settle_in_turn(&self, id: InvitationId) -> Memberships {
        let Some(joining) = self.core.views.org().joining.get(&id).cloned() else { return Vec::new() };
        let mut done = Vec::new();
        for window in joining.windows {
            let became = self.add_to(By::Agent(joining.by), &window, joining.agent).await;
            done.push((window, became));
        }
        let is_told = done.iter().all(|(_, became)| match became {
            Membership::Refused(why) => matches!(why, Failure::Rejected(_) | Failure::NotFound(_)),
            _ => true,
        });
        if is_told && let Err(failure) = self.org_command(By::Engine, org::Command::SettleInvitation { id }).await {
            tracing::warn!(%failure, "the windows of an invitation are told again");
        }
        done
    }

    /// Makes a person a member of exactly these windows. New ones first, so that nobody stands without a desk between.
    pub async fn set_windows(&self, by: By, agent: AgentId, wanted: &BTreeSet<WindowId>) -> Memberships {
        let mut done = Vec::new();
        for window in wanted {
            done.push((window.clone(), self.add_to(by, window, agent).await));
        }
        for view in self.core.views.windows() {
            if wanted.contains(&view.id) || !view.window().members.contains(&agent) {
                continue;
            }
            let gone = self.window_command(by, &view.id, window::Command::RemoveAgent { agent }).await;
            done.push((view.id.clone(), gone.map_or_else(Membership::Refused, |_| Membership::Removed)));
        }
        done
    }

    async fn add_to(&self, by: By, window: &WindowId, agent: AgentId) -> Membership {
        if self.window(window).is_some_and(|window| window.members.contains(&agent)) {
            return Membership::Kept;
        }
        match self.begin_in_window(by, window, window::Command::AddAgent { agent }).await {
            Ok(_) => Membership::Added,
            Err(why) => Membership::Refused(why),
        }
    }
}
