//! Markup that wants out of its frame, and markup that wants the time of the machine.

use std::time::{Duration, Instant};

use super::*;

fn shown(html: &str) -> String {
    clean(html, &Inline::from([("logo@x".to_owned(), "data:image/png;base64,AAAA".to_owned())]), false)
}

#[test]
fn nothing_of_a_hostile_mail_can_run_or_fetch() {
    let hostile = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"https://tracker.example/p.gif\">",
        "<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
        "<img srcset=\"https://tracker.example/p.gif 2x\">",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" java\tscript:alert(1)\">x</a>",
        "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
        "<iframe src=\"https://evil.example\"></iframe>",
        "<object data=\"https://evil.example\"></object><embed src=\"https://evil.example\">",
        "<link rel=stylesheet href=\"https://evil.example/a.css\">",
        "<style>@import url(https://evil.example/a.css); body{background:url(https://evil.example)}</style>",
        "<div style=\"background:url(https://evil.example/x)\">x</div>",
        "<div style=\"position:fixed;top:0;left:0;background-image:url('https://evil.example')\">x</div>",
        "<table background=\"https://evil.example/x\"><tr><td background=\"https://evil.example/y\">x</td></tr></table>",
        "<form action=\"https://evil.example\"><input name=p><button>go</button></form>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        "<base href=\"https://evil.example/\">",
        "<svg><script>alert(1)</script><image href=\"https://evil.example/x\"/></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<video src=\"https://evil.example/v\" poster=\"https://evil.example/p\"></video>",
        "<blockquote cite=\"https://evil.example\">x</blockquote>",
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
        "<template><img src=x onerror=alert(1)></template>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    ];
    for html in hostile {
        let clean = shown(html).to_ascii_lowercase();
        for bad in [
            "<script",
            "onerror=",
            "onload=",
            "javascript:",
            "evil.example",
            "tracker.example",
            "<iframe",
            "<form",
            "url(",
            "data:text",
            "svg+xml",
            "<meta",
            "<base",
            "position",
        ] {
            let in_text_only =
                clean.contains("&lt;") && !clean.replace("&lt;img src=1 onerror=alert(1)&gt;", "").contains(bad);
            assert!(!clean.contains(bad) || in_text_only, "{html}\n→ {clean}");
        }
    }
}

#[test]
fn pictures_of_the_mail_are_shown_and_those_from_elsewhere_only_when_asked_for() {
    assert!(shown("<img src=\"cid:logo@x\">").contains("data:image/png;base64,AAAA"));
    assert!(shown("<img src=\"CID:logo%40x\">").contains("data:image/png;base64,AAAA"));
    assert!(!shown("<img src=\"cid:other\">").contains("src="));
    let remote = "<img src=\"https://example.jp/a.png\">";
    assert!(!shown(remote).contains("example.jp"));
    assert!(clean(remote, &Inline::new(), true).contains("https://example.jp/a.png"));
    assert!(has_remote_pictures(remote) && !has_remote_pictures("<img src=\"cid:x\"><a href=\"https://x\">"));
}

#[test]
fn links_open_elsewhere_and_tell_nobody_where_from() {
    let link = shown("<a href=\"https://example.jp/\" target=_top onclick=x()>x</a>");
    assert!(link.contains("rel=\"noopener noreferrer nofollow\"") && link.contains("target=\"_blank\""), "{link}");
    assert!(!link.contains("onclick") && !link.contains("_top"));
}

#[test]
fn deep_or_endless_markup_costs_nothing() {
    let started = Instant::now();
    let deep = "<div>".repeat(100_000);
    assert!(to_text(&deep).is_none() && document(&deep, &Inline::new(), false).is_none());
    assert!(document(&"a".repeat(MAX_BYTES + 1), &Inline::new(), false).is_none());
    let odd = "<".repeat(1_000_000);
    let _ = is_bearable(&odd);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(is_bearable(&"<p>".repeat(100_000)), "paragraphs do not nest");
    assert!(is_bearable(&"<table><tr><td>".repeat(60)), "layouts do");
}

#[test]
fn html_reads_as_text_with_its_quotes_marked() {
    let html = "<div>承知しました。<br>よろしく</div><div class=\"gmail_quote\">2026年 A:<blockquote>前のメール</blockquote></div>";
    let text = to_text(html).unwrap();
    let (head, rest) = text.split_once(SENTINEL).unwrap();
    assert_eq!(head.trim(), "承知しました。\nよろしく");
    assert!(rest.contains("前のメール"));
    assert_eq!(to_text("<p>一</p><p>二</p><style>p{}</style><script>x</script>").unwrap(), "一\n\n二");
    assert_eq!(to_text("<a href=\"https://example.jp/\">ここ</a>").unwrap(), "ここ");
}
