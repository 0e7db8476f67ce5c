//! The invite link of a window: the page that it opens for customers, and its QR code for paper and screens.
//!
//! The page is public and says only what a customer may know: name, description, picture, and where the window is reached.
//! A link that leads nowhere (any more) answers as one that never did.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::domain::org::{ChannelKind, WindowEntry};
use madoguchi_protocol::{Code, Problem};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, serving};
use crate::App;
use crate::commands::refused;
use crate::convert::window::{invite_url, parse_invite_code};
use crate::error::{invalid, not_found, problem};
use crate::extract::{Place, Query, part};

/// Nothing on the page runs, and nothing is loaded but the picture.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
/// Modules of white around the code (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;
/// The sides that a PNG may have, in pixels.
const SIZES: std::ops::RangeInclusive<usize> = 100..=4_000;
/// The side that it has where nobody says it.
const SIZE: usize = 800;

/// Where customers reach a window.
struct Door {
    label: &'static str,
    url: String,
    /// What stands below the label: an address that people write down.
    address: Option<String>,
}

/// The page of an invite link.
#[utoipa::path(get, path = "/i/{code}", tag = "invite",
    responses((status = 200, description = "A page for customers.", body = String, content_type = "text/html")))]
pub(crate) async fn page(app: web::Data<App>, req: HttpRequest) -> Answer {
    let found = invited(&app, &req).map(|entry| (doors(&app, &entry.id), entry.clone()));
    Ok(match found {
        Some((doors, entry)) => html(StatusCode::OK, &entry.name, &body(&req, &entry, &doors)),
        None => html(
            StatusCode::NOT_FOUND,
            "窓口",
            "<main><h1>このリンクは使えません</h1><p lang=\"en\">This link leads nowhere.</p></main>",
        ),
    })
}

/// The picture of the window of an invite link.
#[utoipa::path(get, path = "/i/{code}/picture", tag = "invite",
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/png")))]
pub(crate) async fn picture(app: web::Data<App>, req: HttpRequest) -> Answer {
    let entry = invited(&app, &req).ok_or_else(|| not_found("picture"))?;
    shown(&app, &req, &entry, "public, max-age=300").await
}

/// The picture of a window.
#[utoipa::path(get, path = "/api/v1/windows/{window}/picture", tag = "windows",
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/png")))]
pub(crate) async fn picture_of_window(app: web::Data<App>, req: HttpRequest, place: Place) -> Answer {
    // `v` in the address names the picture; it is there so that a browser asks anew for another one.
    shown(&app, &req, &entry_of(&app, &place.window()?)?, serving::ASKED_EACH_TIME).await
}

async fn shown(app: &App, req: &HttpRequest, entry: &WindowEntry, cache: &'static str) -> Answer {
    let picture = entry.more.picture.as_ref().ok_or_else(|| not_found("picture"))?;
    let (note, file) = app.engine.file(picture.file).await.map_err(|failure| refused(app, failure))?;
    serving::file(req, &note, file, cache)
}

/// The invite link as QR code.
#[utoipa::path(get, path = "/api/v1/windows/{window}/invite.svg", tag = "invite",
    responses((status = 200, description = "A drawing of any size.", body = String, content_type = "image/svg+xml")))]
pub(crate) async fn qr_svg(app: web::Data<App>, place: Place) -> Answer {
    let (id, code) = coded(&app, &place)?;
    let drawn = code.render::<svg::Color<'_>>().quiet_zone(true).build();
    Ok(download("image/svg+xml", &format!("{id}.svg"), drawn.into_bytes()))
}

/// How large.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Size {
    /// The side in pixels, 100 to 4,000; what is drawn may be a little smaller, so that each module has whole pixels.
    #[serde(default)]
    size: Option<usize>,
}

/// The invite link as QR code.
#[utoipa::path(get, path = "/api/v1/windows/{window}/invite.png", tag = "invite", params(Size),
    responses((status = 200, description = "A picture.", body = Vec<u8>, content_type = "image/png")))]
pub(crate) async fn qr_png(app: web::Data<App>, place: Place, Query(query): Query<Size>) -> Answer {
    let size = query.size.unwrap_or(SIZE);
    if !SIZES.contains(&size) {
        return Err(invalid("size", "100 to 4000").into());
    }
    let (id, code) = coded(&app, &place)?;
    let drawn = png(&code, size).map_err(|_| problem(Code::Internal))?;
    Ok(download("image/png", &format!("{id}.png"), drawn))
}

fn entry_of(app: &App, id: &WindowId) -> Result<WindowEntry, Problem> {
    app.engine.org().windows.get(id).cloned().ok_or_else(|| not_found("window"))
}

fn coded(app: &App, place: &Place) -> Result<(WindowId, QrCode), Problem> {
    let entry = entry_of(app, &place.window()?)?;
    let url = invite_url(&app.public_url, &entry);
    let code = QrCode::with_error_correction_level(url, EcLevel::M).map_err(|_| problem(Code::Internal))?;
    Ok((entry.id, code))
}

/// Black and white, one bit a pixel.
fn png(code: &QrCode, size: usize) -> Result<Vec<u8>, png::EncodingError> {
    let modules = code.width() + 2 * QUIET;
    let scale = (size / modules).max(1);
    let side = modules * scale;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| (at / scale).checked_sub(QUIET).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_some_and(|(x, y)| code[(x, y)] == qrcode::Color::Dark)
    };
    let mut rows = vec![0_u8; side.div_ceil(8) * side];
    for (y, row) in rows.chunks_exact_mut(side.div_ceil(8)).enumerate() {
        for x in (0..side).filter(|x| !dark(*x, y)) {
            row[x / 8] |= 0x80 >> (x % 8);
        }
    }
    let mut bytes = Vec::new();
    let length = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut bytes, length, length);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rows)?;
    writer.finish()?;
    Ok(bytes)
}

fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(kind).insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")));
    serving::guarded(response.body(bytes), serving::ASKED_EACH_TIME)
}

/// The window of the link in the address, while it serves.
fn invited(app: &App, req: &HttpRequest) -> Option<WindowEntry> {
    let code = parse_invite_code(part(req, "code")?)?;
    let entry = app.engine.org().invited(code).cloned()?;
    app.engine.window(&entry.id).map(|_| entry)
}

/// Where customers reach a window, as its platforms said. Nothing of an account that nobody can follow to.
fn doors(app: &App, window: &WindowId) -> Vec<Door> {
    let org = app.engine.org();
    let accounts = app.engine.accounts_of(window).into_iter();
    let doors = accounts.filter_map(|(inbox, health)| match org.inboxes.get(&inbox)?.settings.kind() {
        ChannelKind::Line => Some(Door { label: "LINE", url: health.door?, address: None }),
        ChannelKind::LineWorks => Some(Door { label: "LINE WORKS", url: health.door?, address: None }),
        ChannelKind::Bot => Some(Door { label: "チャット", url: health.door?, address: None }),
        ChannelKind::Mail => {
            let address = app.engine.mail_standing(inbox).ok().filter(|mail| mail.settings.enabled)?.default_address;
            Some(Door { label: "メール", url: format!("mailto:{address}"), address: Some(address) })
        }
    });
    doors.collect()
}

fn body(req: &HttpRequest, entry: &WindowEntry, doors: &[Door]) -> String {
    let mut page = String::from("<main>");
    if entry.more.picture.is_some() {
        page.push_str(&format!("<img src=\"{}/picture\" alt=\"\">", req.path().trim_end_matches('/')));
    }
    page.push_str(&format!("<h1>{}</h1>", escaped(&entry.name)));
    if !entry.more.description.is_empty() {
        page.push_str(&format!("<p>{}</p>", escaped(&entry.more.description)));
    }
    if doors.is_empty() {
        page.push_str("<p>ただいまご利用いただけません。</p><p lang=\"en\">It cannot be reached now.</p>");
    } else {
        page.push_str("<ul>");
        for door in doors {
            let (url, label) = (escaped(&door.url), escaped(door.label));
            let address = door.address.as_deref().map(|one| format!("<small>{}</small>", escaped(one)));
            let address = address.unwrap_or_default();
            page.push_str(&format!("<li><a href=\"{url}\" rel=\"noreferrer\">{label}{address}</a></li>"));
        }
        page.push_str("</ul>");
    }
    page + "</main>"
}

fn html(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    const STYLE: &str = "body{margin:0;font:16px/1.6 system-ui,sans-serif;color:#1c1e21;background:#f4f5f7}\
        main{max-width:26rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:12px;text-align:center}\
        img{width:96px;height:96px;border-radius:50%;object-fit:cover}h1{font-size:1.4rem}p{white-space:pre-line}\
        ul{list-style:none;padding:0}a{display:block;margin:.75rem 0;padding:.9rem;border-radius:8px;background:#0b6b3a;\
        color:#fff;text-decoration:none}small{display:block;overflow-wrap:anywhere}a:focus{outline:3px solid #7ab8ff}";
    let page = format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title><style>{STYLE}</style>{body}</html>",
        escaped(title)
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(page)
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
