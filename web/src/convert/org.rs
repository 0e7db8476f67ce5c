//! People, windows and inboxes on the wire. Hashes and secrets never are.

use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org::{Agent as DomainAgent, Org, Role as DomainRole, WindowEntry};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{RawReason as DomainRawReason, Settings, Window as State};
use madoguchi_engine::presence::State as PresenceState;
use madoguchi_engine::rows::RawRow;
use madoguchi_protocol::api::{
    Agent, Presence, RawBody, RawReason, Role, Window, WindowMember, WindowSettings, WindowSettingsPatch,
};

use super::{hours, time, window};

/// The role on the wire.
#[must_use]
pub fn role(role: DomainRole) -> Role {
    match role {
        DomainRole::Agent => Role::Agent,
        DomainRole::Supervisor => Role::Supervisor,
        DomainRole::Administrator => Role::Administrator,
        DomainRole::Owner => Role::Owner,
    }
}

/// The role in the domain.
#[must_use]
pub fn to_role(role: Role) -> DomainRole {
    match role {
        Role::Agent => DomainRole::Agent,
        Role::Supervisor => DomainRole::Supervisor,
        Role::Administrator => DomainRole::Administrator,
        Role::Owner => DomainRole::Owner,
    }
}

/// How a person is, on the wire.
#[must_use]
pub fn presence(state: PresenceState) -> Presence {
    match state {
        PresenceState::Available => Presence::Available,
        PresenceState::Away => Presence::Away,
        PresenceState::WrapUp => Presence::WrapUp,
        PresenceState::Offline => Presence::Offline,
    }
}

/// A person on the wire.
#[must_use]
pub fn agent(agent: &DomainAgent) -> Agent {
    Agent {
        id: agent.id.to_string(),
        login: agent.login.clone(),
        name: agent.name.clone(),
        role: role(agent.role),
        disabled: agent.disabled,
        created_at: time(agent.created_at),
        icon_url: agent.icon_url.clone(),
    }
}

/// A window on the wire.
#[must_use]
pub fn window(
    entry: &WindowEntry,
    state: &State,
    org: &Org,
    now: Timestamp,
    public_url: &str,
    presence_of: impl Fn(AgentId) -> PresenceState,
) -> Window {
    Window {
        id: entry.id.to_string(),
        name: state.name.clone(),
        product: entry.product,
        places: state.places,
        agents: members(state, org, presence_of),
        settings: settings(&state.settings),
        raw_waiting: state.raw.len(),
        bot: super::bot::of_window(state.bot.as_ref()),
        created_at: time(entry.created_at),
        opening: hours::opening(&state.opening(now)),
        description: state.description.clone(),
        picture: state.picture.as_ref().map(|picture| window::picture(&entry.id, picture)),
        invite_url: window::invite_url(public_url, entry),
    }
}

/// The members of a window on the wire.
#[must_use]
pub fn members(state: &State, org: &Org, presence_of: impl Fn(AgentId) -> PresenceState) -> Vec<WindowMember> {
    state
        .members
        .iter()
        .filter_map(|id| org.agents.get(id))
        .map(|agent| WindowMember {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            role: role(agent.role),
            presence: presence(presence_of(agent.id)),
        })
        .collect()
}

/// The settings on the wire.
#[must_use]
pub fn settings(settings: &Settings) -> WindowSettings {
    WindowSettings {
        handover_timeout_ms: settings.handover_timeout_ms,
        seat_claimable_ms: settings.seat_claimable_ms,
        seat_expiry_ms: settings.seat_expiry_ms,
        auto_close_ms: settings.auto_close_ms,
        reply_budget_ms: settings.reply_budget_ms,
    }
}

/// The settings after a patch; what the patch leaves out stays.
#[must_use]
pub fn patched(now: &Settings, patch: &WindowSettingsPatch) -> Settings {
    Settings {
        handover_timeout_ms: patch.handover_timeout_ms.unwrap_or(now.handover_timeout_ms),
        seat_claimable_ms: patch.seat_claimable_ms.unwrap_or(now.seat_claimable_ms),
        seat_expiry_ms: patch.seat_expiry_ms.unwrap_or(now.seat_expiry_ms),
        auto_close_ms: patch.auto_close_ms.unwrap_or(now.auto_close_ms),
        reply_budget_ms: patch.reply_budget_ms.unwrap_or(now.reply_budget_ms),
    }
}

/// A stored body on the wire.
#[must_use]
pub fn raw_body(row: &RawRow) -> RawBody {
    RawBody {
        id: raw_id(row.raw),
        inbox: row.inbox.to_string(),
        received_at: time(row.received_at),
        reason: match row.why {
            DomainRawReason::Busy => RawReason::Busy,
            DomainRawReason::Unparsable => RawReason::Unparsable,
            DomainRawReason::SetAside => RawReason::SetAside,
        },
        bytes: row.len,
    }
}

/// The name of a stored body on the wire.
#[must_use]
pub fn raw_id(raw: u128) -> String {
    ulid::Ulid(raw).to_string()
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn hashes_never_leave() {
        let shown = agent(&DomainAgent {
            id: AgentId(1),
            login: "a".to_owned(),
            name: "A".to_owned(),
            role: DomainRole::Owner,
            password_hash: "$argon2id$hunter4".to_owned(),
            disabled: false,
            created_at: Timestamp(0),
            icon_url: None,
        });
        let text = serde_json::to_string(&shown).expect("plain data");
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let now = Settings::default();
        let patch = WindowSettingsPatch { auto_close_ms: Some(0), ..WindowSettingsPatch::default() };
        assert_eq!(patched(&now, &patch), Settings { auto_close_ms: 0, ..now });
    }
}
