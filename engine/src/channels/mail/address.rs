//! Mail addresses as they are compared: one form for every way of writing the same one.

/// Longest address that is kept, in bytes; a longer one is none (RFC 5321, 4.5.3.1.3, with room for letters beyond ASCII).
pub const ADDRESS_BYTES: usize = 320;

/// The one form of an address: lower case, without quotes that nothing needs, the domain as A-labels. `None` for what
/// is no address. Carriers gave out local parts with dots in a row and at the ends, which stay as they are.
#[must_use]
pub fn normalise(address: &str) -> Option<String> {
    let address = address.trim().trim_start_matches('<').trim_end_matches('>').trim();
    if address.chars().any(char::is_control) {
        return None;
    }
    let (local, domain) = address.rsplit_once('@')?;
    let local = unquoted(local.trim());
    let domain = domain.trim().trim_end_matches('.');
    let domain = if domain.is_ascii() { domain.to_ascii_lowercase() } else { a_labels(domain)? };
    let plain = |c: char| !c.is_control() && c != '<' && c != '>';
    let is_domain = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    let whole = format!("{}@{domain}", local.to_lowercase());
    (!local.is_empty() && local.chars().all(plain) && is_domain && whole.len() <= ADDRESS_BYTES).then_some(whole)
}

/// A quoted local part without its quotes where they only hide dots; else as it is.
fn unquoted(local: &str) -> String {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return local.to_owned() };
    let needs_none = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    if !inner.is_empty() && inner.bytes().all(needs_none) { inner.to_owned() } else { local.to_owned() }
}

/// A domain of other letters as DNS knows it.
fn a_labels(domain: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://{domain}/")).ok()?;
    url.host_str().map(str::to_owned)
}

/// The local part without what follows its first `+`, that part, and the domain; of a normalised address.
#[must_use]
pub fn split(address: &str) -> Option<(&str, Option<&str>, &str)> {
    let (local, domain) = address.rsplit_once('@')?;
    match local.split_once('+') {
        Some((base, detail)) => Some((base, Some(detail), domain)),
        None => Some((local, None, domain)),
    }
}

/// The address as a reverse path or header takes it: local parts that are no dot-atom in quotes (RFC 5321, 4.1.2).
#[must_use]
pub fn on_the_wire(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    let is_odd = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if is_odd && !local.starts_with('"') { format!("\"{local}\"@{domain}") } else { address.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_address_in_other_clothes_is_one_customer() {
        for written in ["Taro@Example.CO.JP", "<taro@example.co.jp>", " taro@example.co.jp. ", "\"taro\"@example.co.jp"]
        {
            assert_eq!(normalise(written).as_deref(), Some("taro@example.co.jp"), "{written}");
        }
        assert_eq!(normalise("\"a..b.\"@docomo.ne.jp"), normalise("a..b.@docomo.ne.jp"));
        assert_eq!(normalise("a@例え.テスト").as_deref(), Some("a@xn--r8jz45g.xn--zckzah"));
        assert_eq!(normalise("\"a b\"@x.jp").as_deref(), Some("\"a b\"@x.jp"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        let long = format!("{}@x.jp", "a".repeat(400));
        for bad in ["", "a", "@x.jp", "a@", "a@b c", "a\r\n@x.jp", "a\0@x.jp", "a@x.jp\r\nBcc: b@c", &long] {
            assert_eq!(normalise(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn dots_that_carriers_gave_out_go_in_quotes() {
        assert_eq!(on_the_wire("a..b.@docomo.ne.jp"), "\"a..b.\"@docomo.ne.jp");
        assert_eq!(on_the_wire(".a@ezweb.ne.jp"), "\".a\"@ezweb.ne.jp");
        assert_eq!(on_the_wire("a.b@x.jp"), "a.b@x.jp");
        assert_eq!(normalise(&on_the_wire("a..b.@docomo.ne.jp")).as_deref(), Some("a..b.@docomo.ne.jp"));
    }

    #[test]
    fn only_the_first_plus_begins_the_detail() {
        assert_eq!(split("support+c1+2@x.jp"), Some(("support", Some("c1+2"), "x.jp")));
        assert_eq!(split("support@x.jp"), Some(("support", None, "x.jp")));
    }
}
