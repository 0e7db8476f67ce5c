//! What each call does, with the rules that an adapter can break.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::Method;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use uuid::Uuid;

use super::faults::Api;
use super::serve::{Answer, Asked, Host, is_counted};
use super::world::{File, Shown, World, now_ms};
use super::{KEY, app};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// An assertion may live so long, in seconds.
const MAX_ASSERTION_S: i64 = 3_600;
const TEXT: usize = 2_000;
const MINUTE_MS: i64 = 60_000;

/// Which kind of call this is; none for one that does not exist.
pub(super) fn api_of(host: Host, asked: &Asked) -> Option<Api> {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    if host == Host::Storage {
        return Some(Api::Storage);
    }
    match (&asked.method, path.as_slice()) {
        (&Method::POST, ["oauth2", "v2.0", "token"]) => Some(Api::Token),
        (&Method::POST, ["v1.0", "bots", _, "users", _, "messages"]) => Some(Api::Send),
        (&Method::POST, ["v1.0", "bots", _, "attachments"]) => Some(Api::Upload),
        (&Method::GET, ["v1.0", "bots", _, "attachments", _]) => Some(Api::Download),
        (&Method::GET, ["v1.0", "users", _]) => Some(Api::Profile),
        (_, ["v1.0", "bots", ..]) => Some(Api::Bots),
        _ => None,
    }
}

pub(super) fn too_many(seconds: i64) -> Answer {
    let mut answer = Answer::refused(429, "TOO_MANY_REQUESTS", "API rate limit exceeded");
    answer.headers.push(("ratelimit-reset", seconds.to_string()));
    answer
}

pub(super) fn run(world: &World, host: Host, api: Option<Api>, asked: &Asked) -> Answer {
    let Some(api) = api else { return Answer::refused(404, "NOT_FOUND", "no such call") };
    if api == Api::Token {
        return token(world, asked);
    }
    let is_known = {
        let state = world.state.lock();
        asked.token.as_ref().and_then(|token| state.tokens.get(token)).is_some_and(|until| now_ms() < *until)
    };
    if !is_known {
        return Answer::refused(401, "UNAUTHORIZED", "Authentication failed.");
    }
    if let Some(refused) = is_counted(api).then(|| pace(world, api)).flatten() {
        return refused;
    }
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    if host == Host::Storage {
        return storage(world, asked, &path);
    }
    match path.as_slice() {
        ["v1.0", "bots", bot, "users", user, "messages"] => send(world, bot, user, &asked.json()),
        ["v1.0", "bots", bot, "attachments"] => place(world, bot, &asked.json()),
        ["v1.0", "bots", _, "attachments", file] => download(world, file),
        ["v1.0", "users", user] => profile(world, user),
        _ => bots(world, asked, &path),
    }
}

fn pace(world: &World, api: Api) -> Option<Answer> {
    let most = world.options.calls_a_minute?;
    let now = now_ms();
    let mut state = world.state.lock();
    let made = state.made.entry(api).or_default();
    while made.front().is_some_and(|at| now - at >= MINUTE_MS) {
        made.pop_front();
    }
    if made.len() >= most {
        let reset_ms = made.front().map_or(0, |at| at + MINUTE_MS - now);
        return Some(too_many(reset_ms / 1_000 + 1));
    }
    made.push_back(now);
    None
}

fn token(world: &World, asked: &Asked) -> Answer {
    let form: std::collections::HashMap<_, _> = form_urlencoded::parse(&asked.body).into_owned().collect();
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let app = app();
    let wrong = |what: &str| Answer::json(400, &json!({ "error": "invalid_request", "error_description": what }));
    if !asked.content_type.starts_with("application/x-www-form-urlencoded") || given("grant_type") != GRANT_TYPE {
        return wrong("grant_type");
    }
    if given("client_id") != app.client_id || given("client_secret") != app.client_secret {
        return Answer::json(401, &json!({ "error": "invalid_client" }));
    }
    if !given("scope").split(' ').any(|scope| scope == "bot") {
        return wrong("scope");
    }
    if let Err(what) = assertion(given("assertion")) {
        return wrong(what);
    }
    let token = format!("jp1AA{}", Uuid::new_v4().simple());
    let mut state = world.state.lock();
    state.tokens.insert(token.clone(), now_ms() + world.options.token_s * 1_000);
    state.tokens_given += 1;
    // The number as a string: the platform writes it so.
    let life = world.options.token_s.to_string();
    Answer::json(
        200,
        &json!({ "access_token": token, "refresh_token": "r", "token_type": "Bearer", "expires_in": life, "scope": given("scope") }),
    )
}

fn assertion(text: &str) -> Result<(), &'static str> {
    let (signed, signature) = text.rsplit_once('.').ok_or("assertion")?;
    let (header, claims) = signed.split_once('.').ok_or("assertion")?;
    let part = |text: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok() };
    let (header, claims) = (part(header).ok_or("header")?, part(claims).ok_or("claims")?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "signature")?;
    let pair = RsaKeyPair::from_pkcs8(KEY).map_err(|_| "key")?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "signature")?;
    let app = app();
    let (iat, exp) = (claims["iat"].as_i64().ok_or("iat")?, claims["exp"].as_i64().ok_or("exp")?);
    let now = now_ms() / 1_000;
    if header["alg"] != "RS256"
        || claims["iss"] != app.client_id.as_str()
        || claims["sub"] != app.service_account.as_str()
    {
        return Err("iss or sub");
    }
    if exp <= now || exp - iat > MAX_ASSERTION_S || iat > now + 60 {
        return Err("exp");
    }
    Ok(())
}

fn send(world: &World, bot: &str, user: &str, body: &Value) -> Answer {
    {
        let state = world.state.lock();
        if !state.bots.contains_key(bot) {
            return Answer::refused(404, "NOT_FOUND", "no such bot");
        }
        if !state.members.contains_key(user) {
            return Answer::refused(404, "NOT_FOUND", "no such user");
        }
        if let Err(what) = content(&body["content"], |file| state.files.contains_key(file)) {
            return Answer::refused(400, "INVALID_PARAMETER", what);
        }
    }
    world.show(Shown { user: user.to_owned(), bot: bot.to_owned(), content: body["content"].clone() });
    Answer::empty(201)
}

/// Whether a content object is one that the platform takes.
fn content(content: &Value, has: impl Fn(&str) -> bool) -> Result<(), &'static str> {
    let text = |name: &str, most: usize| {
        let chars = content[name].as_str().map_or(0, |text| text.encode_utf16().count());
        (1..=most).contains(&chars)
    };
    let file = || content["fileId"].as_str().is_some_and(&has);
    let is_list = |name: &str, most: usize| content[name].as_array().is_some_and(|all| (1..=most).contains(&all.len()));
    let is_good = match content["type"].as_str().unwrap_or_default() {
        "text" => text("text", TEXT),
        "image" | "file" | "audio" | "video" => file(),
        "sticker" => text("packageId", 20) && text("stickerId", 20),
        "location" => text("title", 100) && text("address", 100) && content["latitude"].is_f64(),
        "button_template" => text("contentText", 1_000) && is_list("actions", 10),
        "carousel" => is_list("columns", 10) && columns(content, has),
        "flex" => text("altText", 400) && content["contents"].is_object(),
        _ => return Err("content.type"),
    };
    let quick = content
        .get("quickReply")
        .is_none_or(|quick| quick["items"].as_array().is_some_and(|items| (1..=13).contains(&items.len())));
    if is_good && quick { Ok(()) } else { Err("content") }
}

fn columns(content: &Value, has: impl Fn(&str) -> bool) -> bool {
    let columns = content["columns"].as_array().map(Vec::as_slice).unwrap_or_default();
    columns.iter().all(|column| column.get("fileId").is_none_or(|file| file.as_str().is_some_and(&has)))
}

/// A place to carry a file up to. The id is good once the bytes are there.
fn place(world: &World, bot: &str, body: &Value) -> Answer {
    if !world.state.lock().bots.contains_key(bot) {
        return Answer::refused(404, "NOT_FOUND", "no such bot");
    }
    if body["fileName"].as_str().is_none_or(|name| name.is_empty() || !name.contains('.')) {
        return Answer::refused(400, "INVALID_PARAMETER", "fileName");
    }
    let (place, file) = (Uuid::new_v4().to_string(), format!("jp1.{}", Uuid::new_v4()));
    world.state.lock().places.insert(place.clone(), file.clone());
    let url = format!("{}/up/{place}", world.storage_url);
    Answer::json(200, &json!({ "fileId": file, "uploadUrl": url }))
}

/// Never the bytes themselves: they lie elsewhere.
fn download(world: &World, file: &str) -> Answer {
    if !world.state.lock().files.contains_key(file) {
        return Answer::refused(404, "NOT_FOUND", "no such attachment");
    }
    Answer::redirect(format!("{}/down/{file}", world.storage_url))
}

fn storage(world: &World, asked: &Asked, path: &[&str]) -> Answer {
    match path {
        ["up", place] if asked.method == Method::POST => {
            let mut state = world.state.lock();
            let Some((mime, bytes)) = part(&asked.content_type, &asked.body) else {
                return Answer::refused(400, "INVALID_PARAMETER", "one part named Filedata");
            };
            // The address works once.
            let Some(file) = state.places.remove(*place) else {
                return Answer::refused(404, "NOT_FOUND", "no such place");
            };
            state.files.insert(file.clone(), File { mime, bytes });
            Answer::json(200, &json!({ "fileId": file }))
        }
        ["down", file] if asked.method == Method::GET => match world.state.lock().files.get(*file) {
            Some(file) => Answer { content_type: file.mime.clone(), body: file.bytes.clone(), ..Answer::empty(200) },
            None => Answer::refused(404, "NOT_FOUND", "no such attachment"),
        },
        _ => Answer::refused(404, "NOT_FOUND", "no such call"),
    }
}

/// The one part of a form, where it has the right name.
fn part(content_type: &str, body: &Bytes) -> Option<(String, Bytes)> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?;
    let find = |text: &[u8], wanted: &[u8]| text.windows(wanted.len()).position(|part| part == wanted);
    let head_ends = find(body, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&body[..head_ends]).ok()?;
    let end = format!("\r\n--{boundary}--");
    let bytes_end = head_ends + 4 + find(&body[head_ends + 4..], end.as_bytes())?;
    let is_right = head.starts_with(&format!("--{boundary}\r\n")) && head.contains("name=\"Filedata\"");
    let mime = head.lines().find_map(|line| line.strip_prefix("Content-Type: "))?;
    is_right.then(|| (mime.to_owned(), body.slice(head_ends + 4..bytes_end)))
}

fn profile(world: &World, user: &str) -> Answer {
    let Some(name) = world.state.lock().members.get(user).cloned() else {
        return Answer::refused(404, "NOT_FOUND", "no such user");
    };
    let (last, first) = name.split_once(' ').unwrap_or((name.as_str(), ""));
    Answer::json(
        200,
        &json!({ "userId": user, "email": "m@double.example", "userName": { "lastName": last, "firstName": first } }),
    )
}

/// Bots themselves. Making one needs its name, picture, description and somebody who looks after it.
fn bots(world: &World, asked: &Asked, path: &[&str]) -> Answer {
    let body = asked.json();
    match (&asked.method, path) {
        (&Method::POST, ["v1.0", "bots"]) => {
            let has = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
            let keepers = body["administrators"].as_array().is_some_and(|all| !all.is_empty());
            if !(has("botName") && has("photoUrl") && has("description") && keepers) {
                return Answer::refused(400, "INVALID_PARAMETER", "botName, photoUrl, description, administrators");
            }
            let bot = world.add_bot(body["botName"].as_str().unwrap_or_default());
            let mut state = world.state.lock();
            if let Some(bot) = state.bots.get_mut(&bot.id) {
                bot.domains.clear();
                bot.callback_url = body["callbackUrl"].as_str().unwrap_or_default().to_owned();
            }
            let id: u64 = bot.id.parse().unwrap_or_default();
            Answer::json(201, &json!({ "botId": id }))
        }
        (method, ["v1.0", "bots", bot, rest @ ..]) => {
            let mut state = world.state.lock();
            let Some(known) = state.bots.get_mut(*bot) else { return Answer::refused(404, "NOT_FOUND", "no such bot") };
            match (method, rest) {
                (&Method::GET, []) => Answer::json(
                    200,
                    &json!({
                        "botId": known.id, "botName": known.name, "callbackUrl": known.callback_url,
                        "enableCallback": !known.callback_url.is_empty(), "enableGroupJoin": false,
                        "callbackEvents": ["text", "location", "sticker", "image", "file", "audio", "video"],
                    }),
                ),
                (&Method::PATCH, []) => {
                    if let Some(name) = body["botName"].as_str() {
                        known.name = name.to_owned();
                    }
                    if let Some(url) = body["callbackUrl"].as_str() {
                        known.callback_url = url.to_owned();
                    }
                    Answer::json(200, &json!({ "botId": known.id }))
                }
                (&Method::DELETE, []) => {
                    state.bots.remove(*bot);
                    Answer::empty(204)
                }
                (&Method::POST, ["secret"]) => {
                    known.secret = Uuid::new_v4().to_string();
                    Answer::json(200, &json!({ "secret": known.secret }))
                }
                (&Method::POST, ["domains", domain]) => {
                    known.domains.push((*domain).to_owned());
                    Answer::json(201, &json!({ "domainId": domain }))
                }
                (&Method::POST, ["channels", _, "leave"]) => Answer::empty(204),
                _ => Answer::refused(404, "NOT_FOUND", "no such call"),
            }
        }
        _ => Answer::refused(404, "NOT_FOUND", "no such call"),
    }
}
