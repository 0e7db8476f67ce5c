//! HTML of a mail: made harmless for a sandboxed frame, and made into text. Both cost more than they should on markup
//! that was made to cost, so that neither is done beyond a length and a depth.

use std::collections::{HashMap, HashSet};

use super::quote::SENTINEL;

/// Longest HTML that is looked at, in bytes.
pub const MAX_BYTES: usize = 2 << 20;
/// Deepest nesting that is looked at.
pub const MAX_DEPTH: usize = 300;
/// Width of text made of HTML, in columns: wide, since lines are broken where they are shown.
const COLUMNS: usize = 2_000;

/// What a frame with a mail's HTML may do: show pictures that are in the document, and nothing else.
pub const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";
/// The same with pictures from elsewhere, which somebody asked for.
pub const POLICY_WITH_PICTURES: &str = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// Elements that never have an end tag.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements that end where the next of them begins, so that nobody writes their end tag.
const IMPLIED: &[&str] = &["p", "li", "dt", "dd", "tr", "td", "th", "option", "tbody", "thead", "tfoot"];

/// Whether this HTML is short and flat enough to be looked at.
#[must_use]
pub fn is_bearable(html: &str) -> bool {
    html.len() <= MAX_BYTES && depth(html) <= MAX_DEPTH
}

/// About how deep elements are nested; rather too much than too little.
fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(open) = bytes[at..].iter().position(|byte| *byte == b'<') {
        at += open + 1;
        let closes = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closes);
        let name_len = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if name_len == 0 {
            continue;
        }
        let name = html[start..start + name_len].to_ascii_lowercase();
        if VOID.contains(&name.as_str()) || IMPLIED.contains(&name.as_str()) {
            continue;
        }
        if closes {
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// The text of HTML, with [`SENTINEL`] before what mail programs mark as quoted. `None` where it is not bearable.
#[must_use]
pub fn to_text(html: &str) -> Option<String> {
    if !is_bearable(html) {
        return None;
    }
    let marked = without_links(&with_sentinels(html));
    let config = html2text::config::plain_no_decorate().no_table_borders().no_link_wrapping().allow_width_overflow();
    let text = config.string_from_read(marked.as_bytes(), COLUMNS).ok()?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in lines {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            out.push_str(line);
            out.push('\n');
        }
    }
    Some(out.trim_matches('\n').to_owned())
}

/// Marks of quoted mail in the HTML of the programs that people use.
const QUOTED: &[&str] = &[
    "class=\"gmail_quote",
    "class='gmail_quote",
    "class=gmail_quote",
    "id=\"divrplyfwdmsg",
    "id=divrplyfwdmsg",
    "id=\"appendonsend",
    "id=appendonsend",
    "id=\"olk_src_body_section",
    "id=olk_src_body_section",
    "class=\"outlookmessageheader",
    "class=outlookmessageheader",
    "class=\"yahoo_quoted",
    "class=\"protonmail_quote",
    "class=\"moz-cite-prefix",
    "border-top:solid #e1e1e1 1.0pt",
    "border-top:solid #b5c4df 1.0pt",
    "border:none;border-top:solid",
];

fn with_sentinels(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let first = QUOTED.iter().filter_map(|mark| lower.find(mark)).min();
    let tag = first.and_then(|at| html[..at].rfind('<').filter(|open| !html[*open..at].contains('>')));
    match tag {
        Some(open) => format!("{}<div>{SENTINEL}</div>{}", &html[..open], &html[open..]),
        None => html.to_owned(),
    }
}

/// Without the tags of links, around whose words signs would be put.
fn without_links(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        out.push_str(before);
        let name = tag[1..].trim_start_matches('/');
        let is_link = name.get(..1).is_some_and(|first| first.eq_ignore_ascii_case("a"))
            && name[1..].starts_with([' ', '>', '\t', '\n', '\r']);
        let end = if is_link { tag.find('>') } else { None };
        match end {
            Some(end) => rest = &tag[end + 1..],
            None => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The parts of a document that a mail shows in place: from their Content-ID to a `data:` address.
pub type Inline = HashMap<String, String>;

/// A harmless document made of a mail's HTML. `None` where it is not bearable. `pictures`: those from elsewhere too.
#[must_use]
pub fn document(html: &str, inline: &Inline, pictures: bool) -> Option<String> {
    if !is_bearable(html) {
        return None;
    }
    let clean = clean(html, inline, pictures);
    Some(format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <style>body{{font:14px/1.6 sans-serif;margin:12px;overflow-wrap:anywhere;color:#222;background:#fff}}\
         img{{max-width:100%;height:auto}}table{{max-width:100%}}blockquote{{margin:0 0 0 8px;padding-left:8px;\
         border-left:2px solid #ccc}}</style></head><body>{clean}</body></html>"
    ))
}

/// Style that cannot fetch anything nor leave its place.
const STYLES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

fn clean(html: &str, inline: &Inline, pictures: bool) -> String {
    let inline = inline.clone();
    let mut builder = ammonia::Builder::default();
    builder
        .add_tags(["font", "u"])
        .add_tag_attributes("font", ["color", "size", "face"])
        .add_tag_attributes("table", ["bgcolor", "border", "cellpadding", "cellspacing", "width"])
        .add_tag_attributes("td", ["bgcolor", "width", "valign", "height"])
        .add_tag_attributes("th", ["bgcolor", "width", "valign", "height"])
        .add_tag_attributes("tr", ["bgcolor", "valign"])
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from_iter(STYLES.iter().copied()))
        .add_url_schemes(["cid", "data"])
        .add_clean_content_tags(["title", "head"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("img", "src") => source(value, &inline, pictures).map(Into::into),
            // What a link may lead to: places on the web and mail, nothing inside this document.
            ("a", "href") => is_link(value).then(|| value.into()),
            (_, "src" | "href" | "cite") => None,
            _ => Some(value.into()),
        });
    builder.clean(html).to_string()
}

fn source(value: &str, inline: &Inline, pictures: bool) -> Option<String> {
    let value = value.trim();
    if let Some(id) = value.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("cid:")).map(|_| &value[4..]) {
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        return inline.get(id.trim_matches(['<', '>'])).cloned();
    }
    let lower = value.to_ascii_lowercase();
    let is_remote = lower.starts_with("https://") || lower.starts_with("http://");
    (pictures && is_remote).then(|| value.to_owned())
}

fn is_link(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme))
}

/// Whether a mail's HTML has pictures that are elsewhere.
#[must_use]
pub fn has_remote_pictures(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    lower.match_indices("<img").any(|(at, _)| {
        let tag = &lower[at..lower[at..].find('>').map_or(lower.len(), |end| at + end)];
        tag.contains("http://") || tag.contains("https://")
    })
}

#[cfg(test)]
#[path = "html_test.rs"]
mod tests;
