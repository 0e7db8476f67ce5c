//! Entries of the audit log on the wire, and as lines of a file.

use madoguchi_engine::audit::{Row, hex};
use madoguchi_engine::domain::audit::{Actor, Change, Outcome};
use madoguchi_engine::domain::org::Org;
use madoguchi_protocol::Code;
use madoguchi_protocol::api::{AuditActor, AuditChange, AuditEntry, AuditOutcome};

use super::time;

/// An entry as administrators read it.
#[must_use]
pub fn entry(row: &Row, org: &Org) -> AuditEntry {
    let entry = &row.entry;
    let agent = match entry.actor {
        Actor::Agent(id) => Some(id),
        Actor::Operator | Actor::Invited => None,
    };
    let (outcome, code) = match &entry.outcome {
        Outcome::Begun => (AuditOutcome::UnderWay, None),
        Outcome::Done => (AuditOutcome::Done, None),
        Outcome::Refused(code) => (AuditOutcome::Refused, known(code)),
        Outcome::Unknown => (AuditOutcome::Unknown, None),
    };
    let change = |change: &Change| AuditChange {
        field: change.field.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
    };
    AuditEntry {
        id: row.position.to_string(),
        at: time(row.began_at()),
        actor: AuditActor {
            agent: agent.map(|id| id.to_string()),
            name: agent.and_then(|id| org.agents.get(&id)).map(|agent| agent.name.clone()),
            token: entry.token.map(|id| ulid::Ulid(id).to_string()),
        },
        from: entry.words.as_ref().and_then(|words| words.from.clone()),
        action: entry.action.clone(),
        objects: entry.objects.clone(),
        outcome,
        code,
        changes: entry.words.iter().flat_map(|words| words.changes.iter().map(change)).collect(),
        erased: entry.words.is_none(),
        hash: hex(&entry.hash),
    }
}

fn known(word: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == word)
}

/// The first line of a CSV file, with the mark by which spreadsheets know that it is UTF-8.
pub const CSV_HEAD: &str = "\u{feff}id,at,actor,name,token,from,action,objects,outcome,code,changes,erased,hash\r\n";

/// An entry as a line of a CSV file.
#[must_use]
pub fn csv(entry: &AuditEntry) -> String {
    let changes = entry.changes.iter().map(|change| {
        let value = |value: &Option<String>| value.clone().unwrap_or_default();
        format!("{}: {} → {}", change.field, value(&change.before), value(&change.after))
    });
    let outcome = serde_json::to_value(entry.outcome).ok().and_then(|value| value.as_str().map(str::to_owned));
    let cells = [
        entry.id.clone(),
        entry.at.clone(),
        entry.actor.agent.clone().unwrap_or_default(),
        entry.actor.name.clone().unwrap_or_default(),
        entry.actor.token.clone().unwrap_or_default(),
        entry.from.clone().unwrap_or_default(),
        entry.action.clone(),
        entry.objects.join(" "),
        outcome.unwrap_or_default(),
        entry.code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        changes.collect::<Vec<_>>().join("; "),
        entry.erased.to_string(),
        entry.hash.clone(),
    ];
    let mut line = cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_formula_stays_a_name() {
        for (cell, wanted) in [
            ("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("佐藤, 花子\r\n", "\"佐藤, 花子\r\n\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(cell), wanted);
        }
    }
}
