//! When windows are open, what they say by themselves, and what a customer would see.

use actix_web::web;
use jiff::civil::DateTime;
use madoguchi_engine::domain::hours::{Automatic, Day, PeriodId, Wording, YEARS, describe, japanese_holiday};
use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{self, Command, Window as State};
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{
    Answers, AskPreview, Banner, ClosedPeriod, Holiday, Hours, Items, Maintenance, NewClosedPeriod, Preview,
    PreviewAnswer, SetMaintenance, Situation,
};
use serde::Deserialize;

use super::{Answer, created, done, ok};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert::{self, hours as wire};
use crate::error::{from_failure, invalid, not_found};
use crate::extract::{Json, Place, Query};

/// When a window is open.
#[utoipa::path(get, path = "/api/v1/windows/{window}/hours", tag = "hours", responses((status = 200, description = "The hours.", body = Hours)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    ok(&wire::hours(&state(&app, &place.window()?)?.hours))
}

/// Sets when a window is open; at once, for what waits already too.
#[utoipa::path(put, path = "/api/v1/windows/{window}/hours", tag = "hours", request_body = Hours, responses((status = 200, description = "Set.", body = Hours)))]
pub(crate) async fn put(app: web::Data<App>, who: Identity, place: Place, Json(hours): Json<Hours>) -> Answer {
    let command = Command::ChangeHours(wire::to_hours(&hours)?);
    ok(&wire::hours(&decided(&app, &who, &place.window()?, command).await?.hours))
}

/// What a window says by itself.
#[utoipa::path(get, path = "/api/v1/windows/{window}/answers", tag = "hours", responses((status = 200, description = "The automatic answers.", body = Answers)))]
pub(crate) async fn get_answers(app: web::Data<App>, place: Place) -> Answer {
    ok(&wire::answers(&state(&app, &place.window()?)?.answers))
}

/// Sets what a window says by itself.
#[utoipa::path(put, path = "/api/v1/windows/{window}/answers", tag = "hours", request_body = Answers, responses((status = 200, description = "Set.", body = Answers)))]
pub(crate) async fn put_answers(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(answers): Json<Answers>,
) -> Answer {
    let command = Command::ChangeAnswers(wire::to_answers(&answers));
    ok(&wire::answers(&decided(&app, &who, &place.window()?, command).await?.answers))
}

/// The closed periods of a window (休業日), the earliest first. Those that are over stay until another is added.
#[utoipa::path(get, path = "/api/v1/windows/{window}/closed-periods", tag = "hours",
    responses((status = 200, description = "The closed periods.", body = Items<ClosedPeriod>)))]
pub(crate) async fn list_periods(app: web::Data<App>, place: Place) -> Answer {
    let window = state(&app, &place.window()?)?;
    let mut periods: Vec<_> = window.closed_periods.iter().collect();
    periods.sort_by_key(|period| period.from);
    ok(&Items { items: periods.into_iter().map(wire::closed_period).collect::<Vec<_>>(), next_cursor: None })
}

/// Closes a window on these days.
#[utoipa::path(post, path = "/api/v1/windows/{window}/closed-periods", tag = "hours", request_body = NewClosedPeriod,
    responses((status = 201, description = "Added.", body = ClosedPeriod)))]
pub(crate) async fn add_period(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(new): Json<NewClosedPeriod>,
) -> Answer {
    let period = wire::to_closed_period(PeriodId(ulid::Ulid::new().0), &new)?;
    let command = Command::AddClosedPeriod { period: period.clone(), now: app.clock.now() };
    decided(&app, &who, &place.window()?, command).await?;
    created(&wire::closed_period(&period))
}

/// Removes a closed period; a running one ends at once.
#[utoipa::path(delete, path = "/api/v1/windows/{window}/closed-periods/{period}", tag = "hours", responses((status = 204, description = "Removed.")))]
pub(crate) async fn remove_period(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let id = PeriodId(place.id::<ulid::Ulid>("period")?.0);
    decided(&app, &who, &place.window()?, Command::RemoveClosedPeriod { id }).await?;
    done()
}

/// Whether a window is under maintenance.
#[utoipa::path(get, path = "/api/v1/windows/{window}/maintenance", tag = "hours", responses((status = 200, description = "The switch.", body = Maintenance)))]
pub(crate) async fn get_maintenance(app: web::Data<App>, place: Place) -> Answer {
    ok(&wire::maintenance(&state(&app, &place.window()?)?.maintenance))
}

/// Turns the switch of maintenance.
#[utoipa::path(put, path = "/api/v1/windows/{window}/maintenance", tag = "hours", request_body = SetMaintenance,
    responses((status = 200, description = "Turned.", body = Maintenance)))]
pub(crate) async fn put_maintenance(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(set): Json<SetMaintenance>,
) -> Answer {
    let command = Command::SwitchMaintenance { on: set.on, text: set.text, now: app.clock.now() };
    ok(&wire::maintenance(&decided(&app, &who, &place.window()?, command).await?.maintenance))
}

/// What a customer sees at this date and time, also by settings that are not saved yet. Nothing is sent or recorded.
#[utoipa::path(post, path = "/api/v1/windows/{window}/preview", tag = "hours", request_body = AskPreview,
    responses((status = 200, description = "What they see.", body = Preview)))]
pub(crate) async fn preview(app: web::Data<App>, place: Place, Json(ask): Json<AskPreview>) -> Answer {
    let id = place.window()?;
    let now = app.clock.now();
    let window = supposed(&app, State::clone(&*state(&app, &id)?), &ask, now)?;
    let at = match &ask.at {
        Some(text) => {
            moment(&window, text).ok_or_else(|| invalid("at", "a date and time, with or without an offset"))?
        }
        None => now,
    };
    let presence = app.engine.presence();
    let here = window.members.iter().any(|agent| presence.away_since(*agent, now).is_none());
    ok(&shown(&window, at, ask.anybody_here.unwrap_or(here), &ask))
}

/// The public holidays of a year.
#[utoipa::path(get, path = "/api/v1/holidays", tag = "hours", params(("year" = i16, Query, description = "2020 to 2099")),
    responses((status = 200, description = "The holidays.", body = Items<Holiday>)))]
pub(crate) async fn holidays(Query(query): Query<HolidaysQuery>) -> Answer {
    let first = Day::of(query.year, 1, 1).filter(|_| YEARS.contains(&query.year));
    let first = first.ok_or_else(|| invalid("year", "2020 to 2099"))?;
    let days = (0..366).map(|ahead| first.plus(ahead)).take_while(|day| day.parts().0 == query.year);
    let holiday = |day: Day| japanese_holiday(day).map(|name| Holiday { date: day.to_string(), name: name.to_owned() });
    ok(&Items { items: days.filter_map(holiday).collect::<Vec<_>>(), next_cursor: None })
}

/// Which year's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolidaysQuery {
    year: i16,
}

/// The window as it would be with what the question supposes.
fn supposed(app: &App, mut window: State, ask: &AskPreview, now: Timestamp) -> Result<State, Problem> {
    let mut wishes = Vec::new();
    if let Some(hours) = &ask.hours {
        wishes.push(Command::ChangeHours(wire::to_hours(hours)?));
    }
    wishes.extend(ask.answers.as_ref().map(|answers| Command::ChangeAnswers(wire::to_answers(answers))));
    wishes.extend(ask.maintenance.as_ref().map(|set| Command::SwitchMaintenance {
        on: set.on,
        text: set.text.clone(),
        now,
    }));
    for wish in wishes {
        let events =
            window::decide(&window, wish).map_err(|rejected| from_failure(rejected.into(), &app.engine.org()))?;
        events.iter().for_each(|event| window.apply(event));
    }
    Ok(window)
}

/// A moment with its offset, or as the window's clocks show it; the first where they show it twice.
fn moment(window: &State, text: &str) -> Option<Timestamp> {
    if let Some(at) = convert::parse_time(text) {
        return Some(at);
    }
    let shown: DateTime = text.parse().ok().filter(|_| text.contains([':']))?;
    let day = Day::of(shown.year(), shown.month(), shown.day())?;
    let seconds = (i64::from(shown.hour()) * 60 + i64::from(shown.minute())) * 60 + i64::from(shown.second());
    Some(window.hours.zone.moments(day, seconds * 1_000)[0])
}

fn shown(window: &State, at: Timestamp, anybody_here: bool, ask: &AskPreview) -> Preview {
    let hours = describe(&window.hours);
    let wording = Wording { window: &window.name, hours: &hours };
    let worded = |text: &str| Wording::address(&wording.fill(text), ask.name.as_deref());
    let said = match ask.situation {
        Situation::FriendAdd => Some((Automatic::Greeting, window.answers.greeting.as_str())),
        Situation::Message => window.answer_to_message(at, anybody_here),
        Situation::End => Some((Automatic::End, window.answers.end.notice.as_str())),
        Situation::Visit => None,
    };
    let banner = window.banner(at, anybody_here).map(|(shown, text)| Banner {
        shown: wire::offline_shown(shown),
        text: worded(text),
        hours: hours.clone(),
    });
    Preview {
        at: convert::time(at),
        opening: wire::opening(&window.opening(at)),
        answer: said
            .filter(|(_, text)| !text.is_empty())
            .map(|(what, text)| PreviewAnswer { kind: wire::answer_kind(what), text: worded(text) }),
        banner,
    }
}

fn state(app: &App, id: &WindowId) -> Result<std::sync::Arc<State>, Problem> {
    app.engine.window(id).ok_or_else(|| not_found("window"))
}

async fn decided(app: &App, who: &Identity, id: &WindowId, command: Command) -> Result<std::sync::Arc<State>, Problem> {
    app.engine.window_command(By::Agent(who.agent), id, command).await.map_err(|failure| refused(app, failure))
}
