//! The child's side: a store under test, and the two things that a child does with it.

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::ExitCode;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

/// Whatever a store cannot do.
pub type Failure = Box<dyn std::error::Error>;

/// The longest [`payload`], in bytes: several sectors, so that one record can be torn in the middle.
const PAYLOAD_MAX: usize = 2_000;
/// The most numbers in one append.
const BATCH_MAX: u64 = 8;

/// A store that appends numbers.
pub trait Store: Sized {
    /// Opens what lies in the folder, or creates it there. The folder itself exists and is durable.
    ///
    /// # Errors
    /// It cannot be opened; at a cut of the power that is a defect.
    fn open(dir: &Path) -> Result<Self, Failure>;

    /// Appends each number with its [`payload`]; on return all of them are durable.
    ///
    /// # Errors
    /// The disk failed; nothing of the batch counts as acknowledged.
    fn append(&mut self, numbers: RangeInclusive<u64>) -> Result<(), Failure>;

    /// Every number that is there, in the store's order, each with its payload compared.
    ///
    /// # Errors
    /// Something does not read back as it was written.
    fn numbers(&self) -> Result<Vec<u64>, Failure>;
}

/// The bytes that go with a number: of differing lengths, and never all alike.
#[must_use]
pub fn payload(number: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(number);
    let mut bytes = vec![0; rng.random_range(8..PAYLOAD_MAX)];
    rng.fill_bytes(&mut bytes[8..]);
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// The number that a payload belongs to; `None` when a single byte of it differs.
#[must_use]
pub fn number_in(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    (payload(number) == bytes).then_some(number)
}

/// Runs the child: `append COUNT` goes on after the newest number and prints each that is durable, `list` prints all
/// that are there. An error ends it with status 1, as it must end the server.
pub fn as_child<S: Store>(dir: &Path, command: &[String]) -> ExitCode {
    let outcome = match command {
        [verb] if verb == "list" => list::<S>(dir),
        [verb, count] if verb == "append" => {
            count.parse().map_err(Failure::from).and_then(|count| append::<S>(dir, count))
        }
        _ => Err("expected `append COUNT` or `list`".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(failure.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn report(failure: &dyn std::error::Error) {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    eprintln!("{text}");
}

fn append<S: Store>(dir: &Path, count: u64) -> Result<(), Failure> {
    let mut store = S::open(dir)?;
    let mut next = store.numbers()?.last().map_or(1, |newest| newest + 1);
    let end = next + count;
    let mut out = std::io::stdout().lock();
    while next < end {
        let last = (next + StdRng::seed_from_u64(next).random_range(0..BATCH_MAX)).min(end - 1);
        store.append(next..=last)?;
        for number in next..=last {
            writeln!(out, "{number}")?;
        }
        out.flush()?;
        next = last + 1;
    }
    Ok(())
}

fn list<S: Store>(dir: &Path) -> Result<(), Failure> {
    let numbers = S::open(dir)?.numbers()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for number in numbers {
        writeln!(out, "{number}")?;
    }
    Ok(out.flush()?)
}
