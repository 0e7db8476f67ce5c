//! A demo from beginning to end.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;

use super::colleague::Colleague;
use super::customer::Customer;
use super::house::{self, House};
use super::keys::Keys;
use super::options::Options;
use super::people::{AGENTS, CUSTOMERS};
use super::stage::{self, Platform};
use super::talk::Say;
use super::welcome::{self, Welcome};
use crate::bot::{Bot, receptionist};
use crate::double::{Author, Event, Shown};
use crate::run::RunError;
use crate::run::api::Api;

/// How long a server may take to become ready.
const READY: Duration = Duration::from_secs(60);
/// Messages of all customers in a minute of the demo; who comes over it is put off.
const A_MINUTE: u32 = 40;
const MINUTE_MS: u64 = 60_000;
/// How often the server's health is looked at.
const WATCH: Duration = Duration::from_secs(1);

/// Plays until it is told to stop, or its time is up. Whoever reads standard output sees the first screen.
///
/// # Errors
/// What could not be set up, or that the server ended.
pub fn run(options: &Options) -> Result<(), RunError> {
    options.check()?;
    let (keys, is_new) = keys(options)?;
    let mut house = match &options.server {
        Some(program) if is_new => {
            // Kept before the store exists: a store without its keys could not be played on.
            keys.keep(&options.data_dir)?;
            house::add_owner(program, &options.data_dir, &options.login, &keys.owner)?;
            Some(House::open(program, options, &welcome::login_hint(&keys, options))?)
        }
        Some(program) => Some(House::open(program, options, &welcome::login_hint(&keys, options))?),
        None => None,
    };
    let base = match (&house, options.address) {
        (Some(house), _) => house.url.clone(),
        (None, Some(address)) => format!("http://{address}"),
        (None, None) => return Err(RunError::Options("a server or an address is needed".to_owned())),
    };
    let failed = |source| RunError::Machine { what: "threads", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let played = runtime.block_on(async {
        tokio::select! {
            ended = play(&base, &keys, is_new, options) => ended,
            ended = stopped(options.duration_s) => ended,
            ended = died(house.as_mut()) => Err(ended),
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    // Whatever ended the demo, the server is ended properly.
    let closed = house.map_or(Ok(()), House::close);
    played.and(closed)
}

/// Of the folder of the server that is started; else the owner's from standard input.
fn keys(options: &Options) -> Result<(Keys, bool), RunError> {
    if options.server.is_some() {
        return Keys::of(&options.data_dir);
    }
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|source| RunError::Machine { what: "the owner's password on standard input", source })?;
    let owner = line.trim_end_matches(['\r', '\n']).to_owned();
    // Agents made earlier keep the password that they have.
    Ok((Keys { owner, ..Keys::draw() }, false))
}

/// SIGINT, SIGTERM, or the end of the time that was given.
async fn stopped(duration_s: Option<u64>) -> Result<(), RunError> {
    let signals = signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)));
    let (mut interrupt, mut terminate) = signals.map_err(|source| RunError::Machine { what: "signals", source })?;
    let time_is_up = async {
        match duration_s {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = time_is_up => {}
    }
    Ok(())
}

async fn died(house: Option<&mut House>) -> RunError {
    let Some(house) = house else { return std::future::pending().await };
    loop {
        tokio::time::sleep(WATCH).await;
        if let Some(status) = house.ended() {
            return RunError::Server(format!("it ended with {status}"));
        }
    }
}

async fn play(base: &str, keys: &Keys, is_new: bool, options: &Options) -> Result<(), RunError> {
    let nobody = Api::new(base);
    ready(&nobody).await?;
    let owner = nobody.login(&options.login, &keys.owner).await.map_err(|error| with_hint(error, options))?;
    let people = &CUSTOMERS[..options.customers];
    let platform = Platform::start(options, people)?;
    stage::set(base, &owner, keys, &platform).await?;
    // It stands there as long as the demo lives; whoever writes after that gets people.
    let _bot = Bot::in_front(base, &owner, stage::WINDOW, &json!({}), receptionist()).await?;
    let player = AGENTS[AGENTS.len() - 1];
    let colleague = if options.alone {
        None
    } else {
        // In somebody else's store she may have another password; the demo goes on without her.
        Colleague::log_in(&nobody, player.login, &keys.agents, options.pace).await.ok()
    };
    let phones = format!("{}/phone", platform.double.api_url());
    let colleague_login = colleague.as_ref().map(|_| player.login);
    let (owner, owner_is_new) = (options.login.as_str(), is_new);
    let welcome = Welcome { desk: base, phones: &phones, keys, owner, owner_is_new, colleague: colleague_login };
    let mut out = std::io::stdout();
    // Who started us may have closed it, and that is no reason to stop.
    let _ = out.write_all(welcome.text().as_bytes()).and_then(|()| out.flush());
    if let Some(colleague) = colleague {
        tokio::spawn(colleague.work());
    }
    Crowd::new(platform, options).live().await
}

async fn ready(api: &Api) -> Result<(), RunError> {
    let end = Instant::now() + READY;
    loop {
        match api.text(Method::GET, "/readyz", None).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn with_hint(error: RunError, options: &Options) -> RunError {
    match error {
        RunError::Refused { status: 401, .. } => RunError::Options(format!(
            "the password of {} is another one now; write it into {}",
            options.login,
            options.data_dir.join("demo.json").display()
        )),
        other => other,
    }
}

/// All customers, and the clock they live by.
struct Crowd {
    platform: Platform,
    customers: Vec<Customer>,
    places: HashMap<String, usize>,
    begun: Instant,
    pace: f64,
    /// Since when the present minute is counted, and what was said in it.
    minute: (u64, u32),
}

impl Crowd {
    fn new(platform: Platform, options: &Options) -> Self {
        let customers = (0..options.customers).map(|place| Customer::new(place, options.seed)).collect();
        let places = platform.users.iter().cloned().zip(0..).collect();
        Self { platform, customers, places, begun: Instant::now(), pace: options.pace, minute: (0, 0) }
    }

    /// The demo's own time.
    fn now_ms(&self) -> u64 {
        (self.begun.elapsed().as_secs_f64() * self.pace * 1_000.0) as u64
    }

    async fn live(mut self) -> Result<(), RunError> {
        let mut phones = self.platform.double.stream();
        loop {
            let due_ms = self.customers.iter().map(Customer::due_ms).min().unwrap_or(u64::MAX);
            let wait_s = due_ms.saturating_sub(self.now_ms()) as f64 / 1_000.0 / self.pace;
            tokio::select! {
                shown = phones.recv() => match shown {
                    Ok(shown) => self.heard(&shown),
                    // Far behind: what was missed is missed, and they will ask again.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return Ok(()),
                },
                () = tokio::time::sleep(Duration::from_secs_f64(wait_s.min(3_600.0))) => self.wake().await?,
            }
        }
    }

    fn heard(&mut self, shown: &Arc<Shown>) {
        let now_ms = self.now_ms();
        if shown.author == Author::Account
            && let Some(place) = self.places.get(&shown.chat)
        {
            self.customers[*place].hear(shown.text.as_deref().unwrap_or_default(), now_ms);
        }
    }

    async fn wake(&mut self) -> Result<(), RunError> {
        for place in 0..self.customers.len() {
            let now_ms = self.now_ms();
            let Some(say) = self.customers[place].wake(now_ms) else { continue };
            if !self.may_speak(now_ms) {
                self.customers[place].put_off(say, now_ms);
                continue;
            }
            let event = event(&self.platform.users[place], &say);
            // What the server does not take now is delivered again by the platform.
            self.platform.double.send(event).await?;
        }
        Ok(())
    }

    fn may_speak(&mut self, now_ms: u64) -> bool {
        if now_ms >= self.minute.0 + MINUTE_MS {
            self.minute = (now_ms, 0);
        }
        self.minute.1 += 1;
        self.minute.1 <= A_MINUTE
    }
}

fn event(user: &str, say: &Say) -> Event {
    match say {
        Say::Text(text) => Event::text(user, text),
        Say::Sticker(package, sticker) => Event::sticker(user, package, sticker),
        Say::Picture(seed) => Event::image(user).with_content(stage::picture(seed)),
    }
}
