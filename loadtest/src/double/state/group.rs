//! A group, or a chat of several people without a name ("room"), that the account was asked into.

use super::chat::Chat;

#[derive(Debug)]
pub(crate) struct Group {
    /// Rooms have none.
    pub(crate) name: String,
    /// The people in it; the account is not one of them.
    pub(crate) members: Vec<String>,
    /// Whether the account is in it. It leaves by API, or is thrown out.
    pub(crate) account_in: bool,
    pub(crate) chat: Chat,
}

impl Group {
    pub(crate) fn new(name: &str, members: Vec<String>) -> Self {
        Self { name: name.to_owned(), members, account_in: true, chat: Chat::default() }
    }
}
