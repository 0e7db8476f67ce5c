//! What a window, and what the organisation's products, look like in the audit log: compared before and after an act, so
//! that a handler need not say what it changed. Forms of the wire, which hold no secret; nothing that moves by itself.

use std::collections::BTreeMap;

use madoguchi_engine::domain::id::WindowId;
use serde_json::{Value, json};

use crate::App;
use crate::authorize::Action;
use crate::convert;

/// What an act with this right may change; none where its handler says so itself.
pub(super) fn of(app: &App, action: Action, window: Option<&WindowId>) -> Option<Value> {
    match action {
        Action::ManageWindows => of_window(app, window?),
        Action::ManageProducts => {
            let products = convert::window::products(&app.engine.org(), app.clock.now());
            serde_json::to_value(products).ok()
        }
        _ => None,
    }
}

fn of_window(app: &App, id: &WindowId) -> Option<Value> {
    let org = app.engine.org();
    let entry = org.windows.get(id)?;
    let state = app.engine.window(id)?;
    let shown = convert::org::window(entry, &state, &org, app.clock.now(), &app.public_url, |_| Default::default());
    let periods: BTreeMap<String, Value> = state
        .closed_periods
        .iter()
        .map(|period| {
            let form = convert::hours::closed_period(period);
            (form.id.clone(), serde_json::to_value(form).unwrap_or(Value::Null))
        })
        .collect();
    Some(json!({
        "name": shown.name,
        "description": shown.description,
        "picture": shown.picture,
        "product": shown.product,
        "settings": shown.settings,
        "hours": convert::hours::hours(&state.hours),
        "answers": convert::hours::answers(&state.answers),
        "closed_periods": periods,
        "maintenance": convert::hours::maintenance(&state.maintenance),
    }))
}
