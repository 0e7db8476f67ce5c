//! One agent at work: watches windows over one socket, starts, answers and completes what falls to them, and comes back
//! with their places when the connection breaks. One light task each; hundreds share a thread.

mod command;
mod socket;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use madoguchi_protocol::client::{ClientFrame, Watch};
use madoguchi_protocol::close::may_return;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

use super::book::{Act, Place};
use super::chance::gap;
use super::clockwork::{Due, Wish};
use super::figures::Timed;
use super::frame::{self, Frame};
use super::hall::Hall;
use command::Asked;
use socket::Socket;
pub(crate) use socket::head;

/// How often an agent tries to come back, and how long apart.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);
/// How long a broken connection stays away, in milliseconds.
const AWAY_MS: std::ops::Range<u64> = 50..1_500;

/// An agent.
#[derive(Debug)]
pub(crate) struct Agent {
    number: u32,
    hall: Arc<Hall>,
    /// Window and place, for each that they watch.
    places: Vec<(u32, Place)>,
    asked: HashMap<u64, Asked>,
    /// When this connection began: what was due before is done late because they were away, which is no measurement.
    here_since_us: u64,
    next_ref: u64,
    chance: StdRng,
}

/// How one connection ended.
enum Ended {
    /// The run is over.
    Stopped,
    /// It broke, as connections do.
    Broke,
    /// The server ended it with this code, or none.
    Closed(Option<u16>),
}

impl Agent {
    /// The agent of this number.
    pub(crate) fn new(number: u32, hall: Arc<Hall>) -> Self {
        let login = &hall.scene.agents[number as usize].login;
        let place =
            |window: u32| (window, Place::new(format!("{login} in {}", hall.scene.windows[window as usize].id)));
        let places = hall.options.windows_of(number).map(place).collect();
        let chance = StdRng::seed_from_u64(hall.options.seed ^ (u64::from(number) << 32));
        Self { number, hall, places, asked: HashMap::new(), here_since_us: 0, next_ref: 0, chance }
    }

    /// Works until `stop`; answers with where they stand then.
    pub(crate) async fn work(
        mut self,
        mut due: mpsc::UnboundedReceiver<Due>,
        mut stop: watch::Receiver<bool>,
    ) -> Vec<(u32, Place)> {
        loop {
            let Some(mut socket) = self.come().await else { break };
            match self.carry(&mut socket, &mut due, &mut stop).await {
                Ended::Stopped => break,
                Ended::Broke => {
                    self.hall.count("connections broken on purpose");
                    if self.chance.random() {
                        let _ = socket.close(None).await;
                    }
                    drop(socket);
                    let away = Duration::from_millis(self.chance.random_range(AWAY_MS));
                    tokio::time::sleep(away).await;
                }
                Ended::Closed(code) => {
                    self.hall.count(&format!("sockets closed with {code:?}"));
                    if code.is_some_and(|code| !may_return(code)) {
                        let who = &self.hall.scene.agents[self.number as usize].login;
                        self.room_fault(|| format!("{who} was shut out with {code:?}"));
                        break;
                    }
                }
            }
        }
        self.places
    }

    fn room_fault(&self, what: impl FnOnce() -> String) {
        let (window, _) = self.places[0];
        self.hall.rooms[window as usize].lock().book.unanswered(what);
    }

    /// Connects, watches from where they stood, and repeats what has no reply.
    async fn come(&mut self) -> Option<Socket> {
        let person = self.hall.scene.agents[self.number as usize].clone();
        let mut why = String::new();
        for _ in 0..TRIES {
            match socket::open(self.hall.scene.server, &person.api).await {
                Ok(mut socket) => {
                    if self.watch(&mut socket).await.is_ok() && self.repeat(&mut socket).await.is_ok() {
                        self.here_since_us = self.hall.clock.now_us();
                        return Some(socket);
                    }
                    "it broke at once".clone_into(&mut why);
                }
                Err(error) => why = error,
            }
            self.hall.count("connections refused");
            tokio::time::sleep(PAUSE).await;
        }
        self.room_fault(|| format!("{} cannot connect: {why}", person.login));
        None
    }

    async fn watch(&mut self, socket: &mut Socket) -> Result<(), socket::Broken> {
        for at in 0..self.places.len() {
            let window = self.places[at].0;
            // What is told up to here was said while this socket was away.
            let head = self.hall.rooms[window as usize].lock().book.head();
            self.places[at].1.comes_back(head);
            let (_, place) = &self.places[at];
            let (stream, position) = place.at().map(|(stream, at)| (stream.to_owned(), at)).unzip();
            let id = self.hall.scene.windows[window as usize].id.clone();
            socket::say(socket, &ClientFrame::Watch(Watch { window: id, stream, position })).await?;
        }
        Ok(())
    }

    async fn carry(
        &mut self,
        socket: &mut Socket,
        due: &mut mpsc::UnboundedReceiver<Due>,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended {
        let breaks = tokio::time::sleep(self.until_break());
        tokio::pin!(breaks);
        loop {
            tokio::select! {
                biased;
                _ = stop.changed() => return Ended::Stopped,
                () = &mut breaks => {
                    if !self.hall.is_calm() && self.hall.options.churn > 0.0 {
                        return Ended::Broke;
                    }
                    breaks.as_mut().reset(tokio::time::Instant::now() + self.until_break());
                }
                Some(due) = due.recv() => {
                    if self.act(socket, due).await.is_err() {
                        return Ended::Closed(None);
                    }
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if self.told(socket, &text).await.is_err() {
                            return Ended::Closed(None);
                        }
                    }
                    Some(Ok(Message::Close(frame))) => return Ended::Closed(frame.map(|frame| frame.code.into())),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Ended::Closed(None),
                },
            }
        }
    }

    fn until_break(&mut self) -> Duration {
        let churn = self.hall.options.churn;
        let mean_s = if churn > 0.0 { 60.0 / churn } else { 3_600.0 };
        Duration::from_secs_f64(gap(&mut self.chance, mean_s).clamp(0.05, 86_400.0))
    }

    /// One frame came.
    async fn told(&mut self, socket: &mut Socket, text: &str) -> Result<(), socket::Broken> {
        match frame::read(text) {
            Frame::Update { window, stream, position } => self.update(window, stream, position, text),
            Frame::Snapshot { window, stream, position } => {
                if let Some(at) = self.place_of(&window) {
                    let (window, place) = &mut self.places[at];
                    if place.at().is_none() {
                        self.hall.watching.fetch_add(1, Ordering::Relaxed);
                    }
                    self.hall.rooms[*window as usize].lock().book.snapshot(place, &stream, position);
                }
            }
            Frame::Reply(reply) => self.replied(reply),
            Frame::Other(other) => return self.other(socket, *other).await,
            Frame::Unreadable => self.room_fault(|| format!("a frame cannot be read: {text}")),
        }
        Ok(())
    }

    fn place_of(&self, window: &str) -> Option<usize> {
        let at = self.places.iter().position(|(place, _)| self.hall.scene.windows[*place as usize].id == window);
        if at.is_none() {
            self.room_fault(|| format!("told of {window}, which nobody here watches"));
        }
        at
    }

    fn update(&mut self, window: &str, stream: &str, position: u64, text: &str) {
        let Some(at) = self.place_of(window) else { return };
        let (window, place) = &mut self.places[at];
        let now_us = self.hall.clock.now_us();
        let mut mine: Vec<Act> = Vec::new();
        let mut last = Vec::new();
        {
            let mut room = self.hall.rooms[*window as usize].lock();
            let room = &mut *room;
            let seen = room.book.update(place, stream, position, text.as_bytes());
            for heard in seen.heard {
                if !place.missed(position) {
                    room.figures.took(Timed::UpdateEach, heard.due_us, now_us);
                }
                if seen.last {
                    room.figures.took(Timed::UpdateLast, heard.due_us, now_us);
                    last.push(*heard);
                }
            }
            mine.extend(seen.acts.iter().filter(|act| act.agent == self.number).cloned());
        }
        for heard in last {
            let mut side = self.hall.side(self.hall.kind_of(heard.word.chat)).lock();
            side.figures.took(Timed::UpdateLast, heard.due_us, now_us);
        }
        for act in mine {
            let due_us = now_us + u64::from(act.think_ms) * 1_000;
            self.hall.alarm.set(self.number, due_us, Wish { act, word: None, tries: 0 });
        }
    }
}
