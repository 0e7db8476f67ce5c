//! Names of attachments, safe to save a file under.

use super::header::is_bidi;

/// Longest name, in characters.
const NAME_CHARS: usize = 120;
/// Longest ending that is kept whole, in characters.
const ENDING_CHARS: usize = 12;

/// A name that is no path, has no sign that file systems mind and does not hide its ending. `number`: of the part, for one
/// that has no name.
#[must_use]
pub(super) fn safe(name: &str, mime: &str, number: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_bidi(*c) && *c != '\u{FEFF}' && *c != '\u{200B}')
        .map(|c| if ":*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let clean = clean.trim().trim_end_matches('.').trim();
    if clean.trim_matches('.').is_empty() {
        return format!("添付ファイル-{number}.{}", ending(mime));
    }
    shortened(clean)
}

/// Cut in the middle, so that the ending stays.
fn shortened(name: &str) -> String {
    let chars = name.chars().count();
    if chars <= NAME_CHARS {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !ending.is_empty() && ending.chars().count() <= ENDING_CHARS => {
            (stem, format!(".{ending}"))
        }
        _ => (name, String::new()),
    };
    let room = NAME_CHARS - ending.chars().count();
    format!("{}{ending}", stem.chars().take(room).collect::<String>())
}

/// The ending that files of this type have.
fn ending(mime: &str) -> &'static str {
    match mime {
        "message/rfc822" | "message/global" => "eml",
        "text/calendar" => "ics",
        "text/plain" => "txt",
        "text/html" => "html",
        "image/jpeg" => "jpg",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "p7m",
        "application/pgp-signature" => "asc",
        _ => mime_guess::get_mime_extensions_str(mime).and_then(|all| all.first()).copied().unwrap_or("bin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder_nor_hide_what_it_is() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\見積書.pdf", "見積書.pdf"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("写真\u{202E}gpj.exe", "写真gpj.exe"),
            ("a:b*c?.txt", "a_b_c_.txt"),
            ("  報告.docx . ", "報告.docx"),
        ] {
            assert_eq!(safe(given, "application/pdf", 1), kept, "{given:?}");
        }
        for nothing in ["", "..", "/", ".", " ", "a/", "\u{202E}"] {
            assert_eq!(safe(nothing, "application/pdf", 3), "添付ファイル-3.pdf", "{nothing:?}");
        }
        assert_eq!(safe("", "message/rfc822", 1), "添付ファイル-1.eml");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = format!("{}.xlsx", "長".repeat(300));
        let kept = safe(&long, "", 1);
        assert_eq!(kept.chars().count(), NAME_CHARS);
        assert!(kept.ends_with("長.xlsx"));
        assert_eq!(safe(&"x".repeat(300), "", 1).len(), NAME_CHARS);
    }
}
