//! The first screen: where to go, as whom, and what to do there.

use std::fmt::Write;

use super::keys::Keys;
use super::options::Options;
use super::people::AGENTS;

/// What the screen says.
pub(super) struct Welcome<'a> {
    /// The desk's address.
    pub(super) desk: &'a str,
    /// The page of the customers' phones.
    pub(super) phones: &'a str,
    /// Passwords; the owner's is shown where it is new.
    pub(super) keys: &'a Keys,
    pub(super) owner: &'a str,
    pub(super) owner_is_new: bool,
    /// The agent whom the demo plays, if it does.
    pub(super) colleague: Option<&'a str>,
}

impl Welcome<'_> {
    /// As text for a terminal.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let rule = "─".repeat(72);
        let owner = if self.owner_is_new {
            format!("password {}   (shown this once)", self.keys.owner)
        } else {
            "password as shown at the first start; it is in demo.json of the data folder".to_owned()
        };
        let lines = [
            rule.clone(),
            "  Madoguchi 窓口 is ready, and customers are writing.".to_owned(),
            String::new(),
            format!("  Desk      {}", self.desk),
            format!("  Phones    {}", self.phones),
            String::new(),
        ];
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
        for agent in AGENTS {
            let played = if self.colleague == Some(agent.login) { "   (played by the demo)" } else { "" };
            let password = if played.is_empty() { format!("   password {}", self.keys.agents) } else { String::new() };
            let _ = writeln!(out, "  Log in as {:<8} {}{password}{played}", agent.login, agent.name);
        }
        let _ = writeln!(out, "  or as     {:<8} {owner}", self.owner);
        let _ = write!(
            out,
            "
  Press 対応開始 on a customer and answer: they answer back. In another browser, or a
  private window, log in as the other agent and see who holds the seat. A customer's
  phone shows the other end; you can write from it yourself. A bot reads along first: ask
  for 営業時間 from a phone, or for 担当者.

  Ctrl-C ends everything. The next start goes on where this one ended.
{rule}
"
        );
        out
    }
}

/// What the login page says below its form. The agents' password only where nobody but this machine reaches the page.
pub(super) fn login_hint(keys: &Keys, options: &Options) -> String {
    let played = (!options.alone).then(|| AGENTS[AGENTS.len() - 1].login);
    let logins: Vec<&str> = AGENTS.iter().map(|agent| agent.login).filter(|login| Some(*login) != played).collect();
    let logins = logins.join(" / ");
    if options.listen.ip().is_loopback() {
        format!("デモ / Demo: {logins}   {}", keys.agents)
    } else {
        format!("デモ / Demo: {logins}")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Given {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_login_page_tells_the_password_to_this_machine_only() {
        let keys = Keys { owner: "o-w".to_owned(), agents: "a-g".to_owned() };
        let hint = |listen: &str| {
            let given = Given::parse_from(["demo", "--server", "p", "--listen", listen]);
            login_hint(&keys, &given.options)
        };
        assert_eq!(hint("127.0.0.1:8080"), "デモ / Demo: hanako / taro   a-g");
        assert_eq!(hint("0.0.0.0:8080"), "デモ / Demo: hanako / taro");
    }

    fn screen(owner_is_new: bool) -> String {
        let keys = Keys { owner: "o-w".to_owned(), agents: "a-g".to_owned() };
        let (desk, phones) = ("http://127.0.0.1:8080", "http://127.0.0.1:7001/phone");
        Welcome { desk, phones, keys: &keys, owner: "owner", owner_is_new, colleague: Some("misaki") }.text()
    }

    #[test]
    fn a_newcomer_is_told_where_to_go_and_as_whom() {
        let screen = screen(true);
        for word in ["http://127.0.0.1:8080", "http://127.0.0.1:7001/phone", "hanako", "taro", "a-g", "o-w", "対応開始"]
        {
            assert!(screen.contains(word), "{word}: {screen}");
        }
    }

    #[test]
    fn the_owners_password_is_shown_once() {
        assert!(!screen(false).contains("o-w"));
    }
}
