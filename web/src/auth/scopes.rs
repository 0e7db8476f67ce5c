//! What a token may be used for. A session may be used for everything; the role limits both.

use madoguchi_protocol::api::Scope;

use crate::authorize::Action;

/// What a proof may be used for: everything, or a set of [`Scope`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(Option<u16>);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(None);

    /// These; `None` for everything.
    #[must_use]
    pub fn of(scopes: Option<&[Scope]>) -> Self {
        Self(scopes.map(|scopes| scopes.iter().fold(0, |bits, scope| bits | bit(*scope))))
    }

    /// Whether they let an action through.
    #[must_use]
    pub fn allow(self, action: Action) -> bool {
        let Some(bits) = self.0 else { return true };
        match needed(action) {
            Needed::Nothing => true,
            Needed::Scope(scope) => bits & bit(scope) != 0,
            Needed::All => false,
        }
    }

    /// Whether these may do nothing that `others` may not.
    #[must_use]
    pub fn are_within(self, others: Self) -> bool {
        match (self.0, others.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(others)) => own & !others == 0,
        }
    }
}

/// What an action needs.
enum Needed {
    Nothing,
    Scope(Scope),
    /// No scope gives it.
    All,
}

fn bit(scope: Scope) -> u16 {
    1 << match scope {
        Scope::Read => 0,
        Scope::Work => 1,
        Scope::Supervise => 2,
        Scope::Windows => 3,
        Scope::Inboxes => 4,
        Scope::People => 5,
        Scope::Audit => 6,
        Scope::Operations => 7,
    }
}

fn needed(action: Action) -> Needed {
    Needed::Scope(match action {
        Action::OwnSession => return Needed::Nothing,
        Action::ListOwn | Action::ReadAgents | Action::ReadWindow => Scope::Read,
        Action::Work | Action::Oversee | Action::UseSeat | Action::SendFiles => Scope::Work,
        Action::TakeOver | Action::ActInBulk => Scope::Supervise,
        Action::ManageWindows | Action::ManageProducts => Scope::Windows,
        Action::ManageInboxes | Action::SetBaseUrls => Scope::Inboxes,
        Action::OwnAccount | Action::ManageAgents | Action::ManageTokens => Scope::People,
        Action::ReadAudit => Scope::Audit,
        Action::TakeBack | Action::ManageSending => Scope::Operations,
        // An action that has no line here is for whoever may do everything.
        #[expect(unreachable_patterns, reason = "every action that there is has its line today")]
        _ => return Needed::All,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_gives_what_it_names_and_nothing_else() {
        let read = Scopes::of(Some(&[Scope::Read]));
        assert!(read.allow(Action::ReadWindow) && read.allow(Action::OwnSession));
        for action in [Action::Work, Action::UseSeat, Action::ManageTokens, Action::ReadAudit, Action::OwnAccount] {
            assert!(!read.allow(action), "{action:?}");
        }
        assert!(!Scopes::of(Some(&[])).allow(Action::ListOwn), "no scope at all");
        assert!(Scopes::ALL.allow(Action::SetBaseUrls));
    }

    #[test]
    fn a_token_makes_none_that_may_more() {
        let people = Scopes::of(Some(&[Scope::People, Scope::Read]));
        assert!(Scopes::of(Some(&[Scope::Read])).are_within(people));
        assert!(people.are_within(people) && people.are_within(Scopes::ALL));
        assert!(!Scopes::ALL.are_within(people));
        assert!(!Scopes::of(Some(&[Scope::Inboxes])).are_within(people));
    }
}
