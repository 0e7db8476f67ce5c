//! Any bytes are a mail or are none: reading them ends, and everything that comes of it fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_engine::channels::mail::html;
use madoguchi_engine::channels::mail::parts::Opened;
use madoguchi_engine::channels::mail::read::{From, Limits, read, whole};

fuzz_target!(|raw: &[u8]| {
    let limits = Limits { max_attachment: 4_096 };
    for is_expected_report in [false, true] {
        let from = From { sender: Some("a@example.jp"), is_expected_report };
        let Ok(letter) = read(raw, from, limits) else { continue };
        assert!(letter.mail.weight() < 57_344);
        let again = read(raw, from, limits).expect("it was read before");
        assert_eq!((&again.mail, again.fingerprint), (&letter.mail, letter.fingerprint));
        let opened = Opened::new(raw).expect("it was read");
        for part in &letter.mail.parts {
            assert!(!part.name.is_empty() && !part.name.contains(['/', '\\', '\0']));
            if let Some(bytes) = opened.bytes_of(&part.place) {
                assert_eq!(bytes.len() as u64, part.bytes);
            }
        }
        if let Some(all) = whole(raw, limits)
            && let Some(document) = all.html.as_deref().and_then(|html| html::document(html, &all.inline, false))
        {
            assert!(!document.to_ascii_lowercase().contains("<script"));
        }
    }
});
