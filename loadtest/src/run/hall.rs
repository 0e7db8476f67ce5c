//! What the simulated people of one run share: the clock, the books of the windows, the figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::book::{Book, Faults, Kind as FaultKind, Manner, Setting};
use super::clockwork::{Alarm, Clock};
use super::figures::Figures;
use super::options::Options;
use super::scene::Scene;
use super::side::Kind;

/// One window: its book and what was measured in it.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) book: Book,
    pub(crate) figures: Figures,
}

/// What was measured of one channel.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) figures: Figures,
    /// Messages that got 200.
    pub(crate) acknowledged: u64,
    /// Messages that did not.
    pub(crate) refused: u64,
    /// Answers on phones, the bot's among them.
    pub(crate) arrived: u64,
}

impl Side {
    fn new(from_us: u64) -> Self {
        Self { figures: Figures::new(from_us), acknowledged: 0, refused: 0, arrived: 0 }
    }
}

/// Everything shared.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) clock: Clock,
    pub(crate) alarm: Alarm,
    pub(crate) options: Options,
    pub(crate) scene: Scene,
    pub(crate) rooms: Vec<Mutex<Room>>,
    /// What was measured of each channel.
    pub(crate) sides: Vec<(Kind, Mutex<Side>)>,
    /// What came of what was asked, by words for the report.
    pub(crate) outcomes: Mutex<BTreeMap<String, u64>>,
    /// Connections break no more.
    pub(crate) is_calm: AtomicBool,
    /// Watches that have begun.
    pub(crate) watching: AtomicUsize,
}

impl Hall {
    pub(crate) fn new(options: &Options, scene: Scene) -> Arc<Self> {
        let agents = Arc::new(scene.agents_by_id());
        let manner = Manner {
            seed: options.seed,
            racers: options.racers,
            answers: options.answers,
            complete: options.complete,
            think_ms: options.think_ms,
        };
        let room = |window: u32| {
            let is_member = |agent: &u32| options.windows_of(*agent).any(|its| its == window);
            let setting = Setting {
                window,
                windows: options.windows,
                chats: options.chats,
                agents: Arc::clone(&agents),
                members: (0..options.agents).filter(is_member).collect(),
                manner,
            };
            Mutex::new(Room { book: Book::new(setting), figures: Figures::new(u64::MAX) })
        };
        Arc::new(Self {
            clock: Clock::start(),
            alarm: Alarm::default(),
            rooms: (0..options.windows).map(room).collect(),
            sides: options.mix.kinds().map(|kind| (kind, Mutex::new(Side::new(u64::MAX)))).collect(),
            options: options.clone(),
            scene,
            outcomes: Mutex::default(),
            is_calm: AtomicBool::new(false),
            watching: AtomicUsize::new(0),
        })
    }

    /// The room of a chat.
    pub(crate) fn room_of(&self, chat: u32) -> &Mutex<Room> {
        &self.rooms[(chat % self.options.windows) as usize]
    }

    /// The channel of a chat.
    pub(crate) fn kind_of(&self, chat: u32) -> Kind {
        self.options.mix.of(chat, self.options.windows)
    }

    /// What is measured of a channel.
    pub(crate) fn side(&self, kind: Kind) -> &Mutex<Side> {
        let found = self.sides.iter().find(|(known, _)| *known == kind);
        &found.expect("every chat's channel is in the mix").1
    }

    /// Measures what is due from `from_us` on.
    pub(crate) fn measure_from(&self, from_us: u64) {
        for room in &self.rooms {
            room.lock().figures = Figures::new(from_us);
        }
        for (_, side) in &self.sides {
            side.lock().figures = Figures::new(from_us);
        }
    }

    pub(crate) fn count(&self, outcome: &str) {
        let mut outcomes = self.outcomes.lock();
        match outcomes.get_mut(outcome) {
            Some(times) => *times += 1,
            None => drop(outcomes.insert(outcome.to_owned(), 1)),
        }
    }

    /// Notes what no single window's book can know.
    pub(crate) fn fault(&self, kind: FaultKind, what: impl FnOnce() -> String) {
        self.rooms[0].lock().book.faults.add(kind, what);
    }

    /// A sum over all windows.
    pub(crate) fn sum(&self, what: impl Fn(&Book) -> u64) -> u64 {
        self.rooms.iter().map(|room| what(&room.lock().book)).sum()
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// All faults of all windows.
    pub(crate) fn faults(&self) -> Faults {
        let mut all = Faults::default();
        for room in &self.rooms {
            all.merge(room.lock().book.faults.clone());
        }
        all
    }
}
