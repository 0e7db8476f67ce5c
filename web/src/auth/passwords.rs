//! Passwords: argon2id on threads of its own, so that logins never stand in the way of messages.
//!
//! At most `queue` jobs wait; the next one is refused. The same work is done for a login that does not exist.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use madoguchi_protocol::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Guesses that a password must outlast: more than everybody's first few thousand.
const GUESSES_MIN: u64 = 10_000;

/// The jobs' way to the threads. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    jobs: SyncSender<Job>,
    argon2: Arc<Argon2<'static>>,
    /// What the password of nobody is compared with.
    nobody: Arc<str>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Too many wait for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Busy;

/// Why a password cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too many wait for a thread.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// It breaks a rule.
    #[error("{0}")]
    Weak(&'static str),
}

/// How a comparison ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password. The new hash is to be kept when the old one was made with other parameters.
    Right {
        /// The same password under today's parameters.
        rehashed: Option<String>,
    },
    /// It is not, or there is no such person.
    Wrong,
}

impl Passwords {
    /// Starts the threads. `weak` is for tests: almost no work a hash.
    #[must_use]
    pub fn start(threads: usize, queue: usize, weak: bool) -> Self {
        let (memory_kib, passes) = if weak { (8, 1) } else { (19 * 1_024, 2) };
        let params = Params::new(memory_kib, passes, 1, None).expect("the parameters are valid");
        let argon2 = Arc::new(Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
        let (jobs, waiting) = sync_channel(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads.max(1) {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&waiting))
                .expect("a thread can be started at boot");
        }
        let nobody = make_hash(&argon2, &super::draw_secret()).into();
        Self { jobs, argon2, nobody }
    }

    /// Hashes a new password. `about` is what it must not be made of: login, name.
    ///
    /// # Errors
    /// It breaks a rule, or too many wait.
    pub async fn hash(&self, password: String, about: Vec<String>) -> Result<String, NotTaken> {
        check_length(&password)?;
        let argon2 = Arc::clone(&self.argon2);
        self.run(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            if zxcvbn::zxcvbn(&password, &about).guesses() < GUESSES_MIN {
                return Err(NotTaken::Weak("not one that everybody tries first"));
            }
            Ok(make_hash(&argon2, &password))
        })
        .await?
    }

    /// Compares a password with a person's hash; `None` where there is no such person takes as long.
    ///
    /// # Errors
    /// Too many wait.
    pub async fn verify(&self, password: String, hash: Option<&str>) -> Result<Verdict, Busy> {
        if password.len() > PASSWORD_MAX_BYTES {
            return Ok(Verdict::Wrong);
        }
        let exists = hash.is_some();
        let hash: Arc<str> = hash.map_or_else(|| Arc::clone(&self.nobody), Arc::from);
        let argon2 = Arc::clone(&self.argon2);
        self.run(move || {
            let Ok(parsed) = PasswordHash::new(&hash) else {
                return Verdict::Wrong;
            };
            let matches = argon2.verify_password(password.as_bytes(), &parsed).is_ok();
            if !(matches && exists) {
                return Verdict::Wrong;
            }
            let made_today = Params::try_from(&parsed).is_ok_and(|made| {
                made.m_cost() == argon2.params().m_cost() && made.t_cost() == argon2.params().t_cost()
            });
            Verdict::Right { rehashed: (!made_today).then(|| make_hash(&argon2, &password)) }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever hung up meanwhile does not need the answer.
            let _ = done.send(job());
        });
        self.jobs.try_send(job).map_err(|_| Busy)?;
        result.await.map_err(|_| Busy)
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().recv();
        let Ok(job) = job else { return };
        // A panic in one job must not take the thread away from all others.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

fn check_length(password: &str) -> Result<(), NotTaken> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(NotTaken::Weak("8 characters at least"));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(NotTaken::Weak("256 bytes at most"));
    }
    Ok(())
}

fn make_hash(argon2: &Argon2<'_>, password: &str) -> String {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).expect("16 bytes fit");
    argon2.hash_password(password.as_bytes(), &salt).expect("parameters and salt are valid").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn the_right_password_gets_in_and_no_other() {
        let passwords = Passwords::start(1, 4, true);
        let hash = passwords.hash("mado-guchi-42".to_owned(), Vec::new()).await.expect("good enough");
        let verify = |text: &str| passwords.verify(text.to_owned(), Some(&hash));
        assert_eq!(verify("mado-guchi-42").await, Ok(Verdict::Right { rehashed: None }));
        assert_eq!(verify("mado-guchi-43").await, Ok(Verdict::Wrong));
        assert_eq!(verify("").await, Ok(Verdict::Wrong));
        assert_eq!(passwords.verify("mado-guchi-42".to_owned(), None).await, Ok(Verdict::Wrong));
        assert_eq!(passwords.verify("x".repeat(100_000), Some(&hash)).await, Ok(Verdict::Wrong));
    }

    #[actix_web::test]
    async fn everybodys_first_try_is_no_password() {
        let passwords = Passwords::start(1, 4, true);
        for weak in ["password", "12345678", "qwertyuiop", "short", "hanako.tanaka"] {
            let taken = passwords.hash(weak.to_owned(), vec!["hanako.tanaka".to_owned()]).await;
            assert!(matches!(taken, Err(NotTaken::Weak(_))), "{weak}");
        }
        let long = "あ".repeat(64) + "-x7";
        assert!(passwords.hash(long, Vec::new()).await.is_ok());
    }

    #[actix_web::test]
    async fn a_hash_of_yesterday_is_made_anew_at_the_next_login() {
        let yesterday = Passwords::start(1, 4, true);
        let hash = yesterday.hash("mado-guchi-42".to_owned(), Vec::new()).await.expect("good enough");
        let today = Passwords::start(1, 4, false);
        let verdict = today.verify("mado-guchi-42".to_owned(), Some(&hash)).await.expect("room");
        let Verdict::Right { rehashed: Some(stronger) } = verdict else {
            panic!("{verdict:?}");
        };
        assert!(stronger.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[actix_web::test]
    async fn a_flood_of_logins_is_refused_and_not_queued_without_end() {
        let passwords = Passwords::start(1, 2, true);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let pool = passwords.clone();
        let first = actix_web::rt::spawn(async move {
            pool.run(move || {
                started.send(()).expect("the test waits");
                held.recv()
            })
            .await
        });
        running.await.expect("the thread took the first job");
        let waiting: Vec<_> = (0..2).map(|_| passwords.jobs.try_send(Box::new(|| {}))).collect();
        assert!(waiting.iter().all(Result::is_ok));
        assert_eq!(passwords.verify("mado-guchi-42".to_owned(), None).await, Err(Busy));
        release.send(()).expect("the job waits");
        assert!(first.await.expect("no panic").is_ok());
    }
}
