//! In reply mode an answer goes to the wrong message, costs money, is sent twice, or waits for ever (PRODUCT L2).
//!
//! The clock is moved by hand. Each row of the table is a small play: what happens, and which calls the platform got.

use std::time::Duration;

use bytes::Bytes;
use madoguchi_engine::domain::content::Sticker;
use madoguchi_engine::domain::conversation::{Command, ReplyRight};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::{Content, Delivery};
use madoguchi_engine::domain::org::{self, InboxSettings, SendMode};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::{Clock, Config, Handle};
use madoguchi_loadtest::double::{Call, Channel, Double, Event, Media, Options, Profile};
use madoguchi_tests::house::House;
use madoguchi_tests::inside::{A, INBOX, config, conversation_of, furnished_for, let_time_pass, start};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The customer writes.
    Hear,
    /// The agent answers with words. A sticker where the words are [`STICKER`].
    Say(&'static str),
    /// So many seconds pass.
    Wait(i64),
    /// LINE forgets the token before its time.
    Expire,
    /// The process ends and comes again.
    Restart,
    /// The agent withdraws their first answer that waits.
    Cancel,
    /// The account sends so from now on.
    Mode(SendMode),
}

use SendMode::{Auto, Push, Reply};
use Step::{Cancel, Expire, Hear, Mode, Restart, Say, Wait};

const STICKER: &str = "[sticker]";

struct Play {
    fear: &'static str,
    steps: &'static [Step],
    /// Each call that was taken: its way, and what was in its bubbles.
    calls: &'static [(&'static str, &'static [&'static str])],
    /// What still waits for the customer.
    unsent: usize,
}

const PLAYS: &[Play] = &[
    Play {
        fear: "an answer in time costs",
        steps: &[Hear, Wait(49), Say("a")],
        calls: &[("reply", &["a"])],
        unsent: 0,
    },
    Play {
        fear: "one right is used for two answers",
        steps: &[Hear, Say("a"), Say("b"), Say("c")],
        calls: &[("reply", &["a"])],
        unsent: 2,
    },
    Play {
        fear: "a burst is lost, or arrives in pieces",
        steps: &[Hear, Say("a"), Say("b"), Say("c"), Wait(600), Hear],
        calls: &[("reply", &["a"]), ("reply", &["b\nc"])],
        unsent: 0,
    },
    Play { fear: "a late answer is tried in vain", steps: &[Hear, Wait(51), Say("a")], calls: &[], unsent: 1 },
    Play {
        fear: "a late answer never goes",
        steps: &[Hear, Wait(51), Say("a"), Wait(7_200), Hear],
        calls: &[("reply", &["a"])],
        unsent: 0,
    },
    Play {
        fear: "what stood between two texts stands elsewhere",
        steps: &[Hear, Say("a"), Say("b"), Say(STICKER), Say("c"), Say("d"), Hear],
        calls: &[("reply", &["a"]), ("reply", &["b", STICKER, "c\nd"])],
        unsent: 0,
    },
    Play {
        fear: "more than a reply takes is lost",
        steps: &[
            Hear,
            Say("a"),
            Say("b"),
            Say(STICKER),
            Say("c"),
            Say(STICKER),
            Say("d"),
            Say(STICKER),
            Say("e"),
            Hear,
            Wait(5),
            Hear,
        ],
        calls: &[("reply", &["a"]), ("reply", &["b", STICKER, "c", STICKER, "d"]), ("reply", &[STICKER, "e"])],
        unsent: 0,
    },
    Play {
        fear: "a message that answers nothing uses up its right",
        steps: &[Hear, Wait(30), Hear, Wait(30), Say("a")],
        calls: &[("reply", &["a"])],
        unsent: 0,
    },
    Play {
        fear: "a token that LINE forgot loses the answer",
        steps: &[Hear, Expire, Say("a"), Wait(60), Hear],
        calls: &[("reply", &["a"])],
        unsent: 0,
    },
    Play {
        fear: "a restart forgets what is unsent, or sends it twice",
        steps: &[Hear, Say("a"), Say("b"), Restart, Wait(3), Hear, Restart, Wait(3)],
        calls: &[("reply", &["a"]), ("reply", &["b"])],
        unsent: 0,
    },
    Play {
        fear: "a restart forgets the right to answer",
        steps: &[Hear, Wait(10), Restart, Say("a")],
        calls: &[("reply", &["a"])],
        unsent: 0,
    },
    Play {
        fear: "a restart gives a dead right new life",
        steps: &[Hear, Wait(40), Restart, Wait(20), Say("a")],
        calls: &[],
        unsent: 1,
    },
    Play {
        fear: "what was withdrawn goes all the same",
        steps: &[Hear, Say("a"), Say("b"), Say("c"), Cancel, Hear],
        calls: &[("reply", &["a"]), ("reply", &["c"])],
        unsent: 0,
    },
    Play {
        fear: "push mode takes the free way, or waits",
        steps: &[Mode(Push), Hear, Say("a"), Wait(7_200), Say("b")],
        calls: &[("push", &["a"]), ("push", &["b"])],
        unsent: 0,
    },
    Play {
        fear: "auto mode pays for what is free, or waits for what is not",
        steps: &[Mode(Auto), Hear, Say("a"), Say("b"), Wait(1), Hear, Wait(51), Say("c")],
        calls: &[("reply", &["a"]), ("push", &["b"]), ("push", &["c"])],
        unsent: 0,
    },
    Play {
        fear: "what is unsent stays so when the account may pay",
        steps: &[Hear, Say("a"), Say("b"), Mode(Auto), Wait(5)],
        calls: &[("reply", &["a"]), ("push", &["b"])],
        unsent: 0,
    },
];

/// The stage.
struct Stage {
    config: Config,
    clock: Clock,
    double: Double,
    channel: Channel,
    /// Only one may have the store open.
    engine: Option<Handle>,
    user: String,
    said: usize,
}

impl Stage {
    async fn open(dir: &std::path::Path) -> Self {
        let clock = Clock::manual(Timestamp(1_000_000));
        let double = Double::start(Options::default()).unwrap();
        let channel = double.add_channel("サポート");
        let config = config(dir, &clock);
        let engine = furnished_for(config.clone(), &double.api_url(), &channel.access_token).await;
        let user = double.add_user(&channel, "客").unwrap();
        double.set_profile(&channel, &user, Profile { picture: false, ..Profile::named("客") }).unwrap();
        Self { config, clock, double, channel, engine: Some(engine), user, said: 0 }
    }

    fn engine(&self) -> &Handle {
        self.engine.as_ref().unwrap()
    }

    async fn stop(&mut self) {
        self.engine.take().unwrap().stop().await;
    }

    async fn mode(&self, mode: SendMode) {
        let mut inbox = self.engine().org().inboxes[&INBOX].clone();
        let InboxSettings::Line(line) = &mut inbox.settings else { panic!("an account of LINE") };
        line.mode = mode;
        self.engine().org_command(By::Operator, org::Command::ChangeInbox(inbox)).await.unwrap();
    }

    async fn hear(&self) {
        let said = self.double.say(&self.user, "もしもし").await.unwrap();
        let event = json!({
            "type": "message", "mode": "active", "timestamp": self.clock.now().0, "replyToken": said.reply_token,
            "source": {"type": "user", "userId": self.user}, "webhookEventId": said.event_id,
            "message": {"type": "text", "id": said.message_id, "text": "もしもし"},
        });
        let body = Bytes::from(json!({"destination": self.channel.bot_user_id, "events": [event]}).to_string());
        assert_eq!(self.engine().inbound(INBOX, body).await.unwrap().recorded, 1);
    }

    async fn talk(&self) -> (ConversationId, u64) {
        let id = conversation_of(self.engine(), &self.user).await;
        let claimed = self.engine().command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap();
        (id, claimed.row.state.seat.epoch)
    }

    async fn say(&mut self, words: &str) {
        let (id, seat_epoch) = self.talk().await;
        self.said += 1;
        let content = if words == STICKER {
            Content::Sticker(Sticker { package_id: "446".into(), sticker_id: "1988".into(), text: None })
        } else {
            Content::Text(words.to_owned())
        };
        let command = Command::Send {
            agent: A,
            seat_epoch,
            client_id: format!("c{}", self.said),
            content,
            dress: Default::default(),
            retry_key: self.said as u128,
        };
        self.engine().command(By::Agent(A), id, command).await.unwrap();
    }

    async fn cancel(&self) {
        let (id, seat_epoch) = self.talk().await;
        let state = self.engine().conversation(id).await.unwrap().state;
        let number = state.outbox.front().unwrap().number;
        self.engine().command(By::Agent(A), id, Command::Cancel { agent: A, seat_epoch, number }).await.unwrap();
    }

    /// Waits until every answer went, or is known to wait for the customer; says how many wait.
    async fn rest(&self, mode: SendMode) -> usize {
        let id = conversation_of(self.engine(), &self.user).await;
        wait_until("every answer to rest", PATIENCE, async || {
            let state = self.engine().conversation(id).await.unwrap().state;
            let unsent = state.outbox.iter().filter(|item| item.delivery == Delivery::Unsent).count();
            // What may go now does so at once.
            let fresh = |right: &ReplyRight| self.clock.now().since_ms(right.received_at) < 50_000;
            let may_go = unsent > 0 && (mode != Reply || state.reply.as_ref().is_some_and(fresh));
            (unsent == state.outbox.len() && !may_go).then_some(unsent)
        })
        .await
    }
}

/// What a call had in its bubbles.
fn bubbles(call: &Call) -> (String, Vec<String>) {
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let words = |message: &Value| match message["type"].as_str() {
        Some("sticker") => STICKER.to_owned(),
        _ => message["text"].as_str().unwrap().to_owned(),
    };
    let way = call.path.rsplit('/').next().unwrap().to_owned();
    (way, body["messages"].as_array().unwrap().iter().map(words).collect())
}

async fn perform(play: &Play) {
    let dir = tempfile::tempdir().unwrap();
    let mut house = Stage::open(dir.path()).await;
    let mut mode = Reply;
    house.mode(mode).await;
    let (mut heard, mut unsent) = (false, 0);
    for step in play.steps {
        match step {
            Hear => house.hear().await,
            Say(words) => house.say(words).await,
            Wait(seconds) => house.clock.advance_ms(seconds * 1_000),
            Expire => house.double.clock().advance(Duration::from_secs(90)),
            Restart => {
                house.stop().await;
                house.engine = Some(start(house.config.clone()).await);
            }
            Cancel => house.cancel().await,
            Mode(to) => {
                mode = *to;
                house.mode(mode).await;
            }
        }
        heard |= matches!(step, Hear);
        if heard {
            let _passing = let_time_pass(&house.clock);
            unsent = house.rest(mode).await;
        }
    }
    let taken: Vec<_> = house.double.sends().iter().filter(|call| call.accepted).map(|call| bubbles(call)).collect();
    let wanted: Vec<_> = play
        .calls
        .iter()
        .map(|(way, words)| ((*way).to_owned(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()))
        .collect();
    assert_eq!((taken, unsent), (wanted, play.unsent), "{}: {:?}", play.fear, play.steps);
    house.stop().await;
}

#[actix_rt::test]
async fn every_play_of_the_reply_mode_ends_as_written() {
    for play in PLAYS {
        perform(play).await;
    }
}

/// The same with a picture, over the real interfaces: between two texts, in one reply, and fetched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_between_two_texts_stays_between_them_and_costs_nothing() {
    let house = House::open(1, &[]).await;
    let path = format!("/api/v1/inboxes/{}", house.inbox);
    house.owner.call(reqwest::Method::PATCH, &path, Some(json!({"settings": {"mode": "reply"}}))).await.ok();
    let (user, talk) = house.customer("x").await;
    let agent = &house.agents[0].0;
    let epoch = agent.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    let png = Media::picture("x");
    let event = Event::image(&user).with_content(png);
    house.double.send(event).await.unwrap();
    let picture = wait_until("the customer's picture", PATIENCE, async || {
        let lines = house.timeline(&talk).await;
        lines[1]["content"]["file"]["url"].as_str().map(str::to_owned)
    })
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bytes = client.get(format!("{}{picture}", house.server.url())).headers(agent.identity_headers());
    let bytes = bytes.send().await.unwrap().bytes().await.unwrap();
    let upload = agent.post_raw("/api/v1/files", agent.identity_headers(), bytes.to_vec()).await.ok();
    agent.send(&talk, "c1", epoch, "a").await.ok();
    agent.send(&talk, "c2", epoch, "b").await.ok();
    let content = json!({"type": "image", "file": upload["id"]});
    agent.command(&talk, "messages", json!({"client_id": "c3", "seat_epoch": epoch, "content": content})).await.ok();
    agent.send(&talk, "c4", epoch, "c").await.ok();
    let states = async || {
        let lines = house.settled(&talk).await;
        lines[2..6].iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    wait_until("all but the first to wait", PATIENCE, async || {
        (states().await == ["sent", "unsent", "unsent", "unsent"]).then_some(())
    })
    .await;
    house.double.say(&user, "続き").await.unwrap();
    wait_until("the others to go", PATIENCE, async || (states().await == ["sent"; 4]).then_some(())).await;
    let calls = house.double.sends();
    let calls: Vec<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(calls, ["/v2/bot/message/reply"; 2], "nothing was paid for");
    let shown = house.double.conversation(&user).unwrap();
    let kinds: Vec<_> =
        shown.iter().filter(|b| b.via.is_some()).map(|b| b.message["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["text", "text", "image", "text"]);
}
