//! Cutting an answer into LINE's bubbles: at most 5,000 UTF-16 units each, at most five in one call (line.md 2.7).
//!
//! Nothing is added, dropped or changed: the bubbles in a row are the text. A cut falls behind a line, else behind a
//! sentence, else behind a word, else between characters as people see them, as long as that costs no sixth bubble.

use unicode_segmentation::UnicodeSegmentation;

/// Longest bubble, in UTF-16 code units.
pub const BUBBLE_UTF16: usize = 5_000;
/// Most bubbles of one call.
pub const BUBBLES: usize = 5;
/// Every text up to this length fits. Each cut but none at the very end may have to leave one unit free, because a
/// character of two units is not cut. Up to 25,000 units it depends on where those stand.
pub const SURELY_FITS_UTF16: usize = surely(BUBBLES);

/// The text needs more than [`BUBBLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text too long for {BUBBLES} bubbles")]
pub struct TooLong;

/// The text's bubbles in order; none for an empty text.
///
/// # Errors
/// [`TooLong`], possible from [`SURELY_FITS_UTF16`] + 1 units on.
pub fn bubbles(text: &str) -> Result<Vec<&str>, TooLong> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut units = rest.encode_utf16().count();
    while !rest.is_empty() {
        if pieces.len() == BUBBLES {
            return Err(TooLong);
        }
        let after = BUBBLES - pieces.len() - 1;
        let (bytes, taken) =
            if units <= BUBBLE_UTF16 { (rest.len(), units) } else { cut(rest, units.saturating_sub(surely(after))) };
        let (piece, tail) = rest.split_at(bytes);
        pieces.push(piece);
        rest = tail;
        units -= taken;
    }
    Ok(pieces)
}

/// What surely fits into so many bubbles.
const fn surely(bubbles: usize) -> usize {
    (bubbles * BUBBLE_UTF16).saturating_sub(bubbles.saturating_sub(1))
}

/// How good a place is for a cut; the greater the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Character,
    Word,
    Sentence,
    Line,
}

/// Where the first bubble of a text ends that is longer than one: in bytes and in units. It takes `least` units at
/// least, if any cut can, so that the rest fits behind it.
fn cut(text: &str, least: usize) -> (usize, usize) {
    // A nicer place is not worth a bubble that is less than half full.
    let least_nice = least.max(BUBBLE_UTF16 / 2);
    // What ends in nothing but blanks is not cut there: a bubble of blanks is no message.
    let words_end = text.trim_end().len();
    let mut best: Option<(Place, usize, usize)> = None;
    let mut units = 0;
    for (start, character) in text.grapheme_indices(true) {
        units += character.encode_utf16().count();
        if units > BUBBLE_UTF16 {
            break;
        }
        let end = start + character.len();
        let mut place = place_behind(character, &text[end..]);
        if units < least_nice {
            place = Place::Character;
        }
        let allowed = units >= least && end < words_end;
        if allowed && best.is_none_or(|(known, ..)| place >= known) {
            best = Some((place, end, units));
        }
    }
    match best {
        Some((_, bytes, units)) => (bytes, units),
        None => fill(text),
    }
}

/// The most that fits, without regard to anything but whole code points.
fn fill(text: &str) -> (usize, usize) {
    let mut units = 0;
    for (start, c) in text.char_indices() {
        if units + c.len_utf16() > BUBBLE_UTF16 {
            return (start, units);
        }
        units += c.len_utf16();
    }
    (text.len(), units)
}

fn place_behind(character: &str, next: &str) -> Place {
    let blank_follows = next.starts_with(char::is_whitespace);
    match character {
        "\n" | "\r\n" | "\r" | "\u{2028}" | "\u{2029}" => Place::Line,
        // A closing bracket behind the mark still belongs to the sentence.
        "。" | "！" | "？" | "♪" if !next.starts_with(['」', '』', '）', '。', '！', '？']) => {
            Place::Sentence
        }
        "." | "!" | "?" if blank_follows => Place::Sentence,
        "」" | "』" | "）" | "、" | "，" | "・" => Place::Word,
        other if other.starts_with(char::is_whitespace) && !blank_follows => Place::Word,
        _ => Place::Character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    fn lengths(text: &str) -> Vec<usize> {
        bubbles(text).unwrap().into_iter().map(units).collect()
    }

    #[test]
    fn a_short_answer_is_one_bubble_and_nothing_is_none() {
        assert_eq!(bubbles("").unwrap(), Vec::<&str>::new());
        assert_eq!(bubbles("はい。").unwrap(), ["はい。"]);
        assert_eq!(lengths(&"あ".repeat(5_000)), [5_000]);
        assert_eq!(lengths(&"あ".repeat(5_001)), [5_000, 1]);
    }

    #[test]
    fn no_cut_falls_inside_an_emoji() {
        let apples = "a".to_owned() + &"🍎".repeat(3_000);
        assert_eq!(lengths(&apples), [4_999, 1_002]);
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(units(family), 8);
        let families = "abc".to_owned() + &family.repeat(700);
        let pieces = bubbles(&families).unwrap();
        assert_eq!(units(pieces[0]), 3 + 8 * 624);
        assert!(pieces[1].starts_with(family));
    }

    #[test]
    fn a_line_break_of_two_characters_stays_whole() {
        let text = "x".repeat(4_999) + "\r\n" + &"y".repeat(10);
        let pieces = bubbles(&text).unwrap();
        assert!(!pieces[0].ends_with('\r') && !pieces[1].starts_with('\n'), "{pieces:?}");
    }

    #[test]
    fn a_cut_prefers_lines_to_sentences_to_words() {
        let text = "い".repeat(3_000) + "\n" + &"ろ".repeat(1_000) + "。" + &"は".repeat(3_000);
        assert_eq!(lengths(&text), [3_001, 4_001]);
        let text = "い".repeat(3_000) + "です。」" + &"ろ".repeat(1_000) + "、" + &"は".repeat(3_000);
        assert_eq!(lengths(&text)[0], 4_005, "the mark inside the quotation is no end");
        let text = "い".repeat(3_000) + "。" + &"ろ".repeat(1_000) + "、" + &"は".repeat(3_000);
        assert_eq!(lengths(&text)[0], 3_001);
        let text = "word ".repeat(1_500);
        assert_eq!(lengths(&text)[0], 5_000);
        let text = "x".repeat(10) + "\n" + &"y".repeat(6_000);
        assert_eq!(lengths(&text)[0], 5_000, "an early line end is no reason for a short bubble");
    }

    #[test]
    fn nice_cuts_never_cost_a_sixth_bubble() {
        let text = ("い".repeat(2_600) + "\n").repeat(9) + &"ろ".repeat(1_500);
        assert!(units(&text) <= SURELY_FITS_UTF16);
        let greedy = text.split_inclusive('\n').count();
        assert!(greedy > BUBBLES);
        assert_eq!(bubbles(&text).unwrap().len(), BUBBLES);
        assert_eq!(lengths(&"あ".repeat(25_000)), [5_000; 5]);
    }

    #[test]
    fn the_longest_text_that_surely_fits_fits_wherever_its_pairs_stand() {
        assert_eq!(SURELY_FITS_UTF16, 24_996);
        let worst = "a".to_owned() + &"🍎".repeat(12_497) + "b";
        assert_eq!(units(&worst), SURELY_FITS_UTF16);
        assert!(bubbles(&worst).is_ok());
        let over = "a".to_owned() + &"🍎".repeat(12_499) + "b";
        assert_eq!(units(&over), 25_000);
        assert_eq!(bubbles(&over), Err(TooLong));
    }

    #[test]
    fn a_character_longer_than_a_bubble_is_cut_between_code_points() {
        let zalgo = "e".to_owned() + &"\u{0301}".repeat(12_000);
        assert_eq!(lengths(&zalgo), [5_000, 5_000, 2_001]);
    }

    #[test]
    fn trailing_blanks_make_no_bubble_of_their_own() {
        let text = "あ".repeat(5_000) + "\n\n";
        let pieces = bubbles(&text).unwrap();
        assert!(pieces.iter().all(|piece| !piece.trim().is_empty()));
        assert_eq!(pieces.concat(), text);
    }

    fn any_answer() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[ぁ-んa-z]{1,900}",
            1 => Just("。".to_owned()),
            1 => Just("\r\n".to_owned()),
            1 => Just("👨\u{200D}👩\u{200D}👧".repeat(60)),
            1 => Just("🍎".repeat(333)),
            1 => "\\PC{1,200}",
            1 => Just(" \n".repeat(20)),
        ];
        prop::collection::vec(part, 0..70).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn bubbles_in_a_row_are_the_text_and_each_fits(text in any_answer()) {
            match bubbles(&text) {
                Ok(pieces) => {
                    prop_assert_eq!(pieces.concat(), text.clone());
                    prop_assert!(pieces.len() <= BUBBLES);
                    for piece in &pieces {
                        prop_assert!((1..=BUBBLE_UTF16).contains(&units(piece)));
                    }
                }
                Err(TooLong) => prop_assert!(units(&text) > SURELY_FITS_UTF16),
            }
        }
    }
}
