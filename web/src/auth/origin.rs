//! Which sites may make a browser change something here, or open a socket.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

use crate::config::validate::origin;

/// The sites that are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    known: Vec<String>,
    /// Nobody named a public address: the address that the browser itself used counts.
    same_host: bool,
}

impl Origins {
    /// `public_url` and `further` as configured; an empty `public_url` means that none was named.
    #[must_use]
    pub fn new(public_url: &str, further: &[String]) -> Self {
        Self {
            known: std::iter::once(public_url).chain(further.iter().map(String::as_str)).filter_map(origin).collect(),
            same_host: public_url.is_empty(),
        }
    }

    /// Whether a request with these headers comes from one of them. Without a word about where it comes from: no.
    #[must_use]
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        match text(ORIGIN.as_str()) {
            Some(named) => {
                let Some(named) = origin(named).filter(|_| !named.ends_with('/')) else {
                    return false;
                };
                self.known.contains(&named)
                    || (self.same_host
                        && text(HOST.as_str())
                            .and_then(|host| origin(&format!("http://{host}")))
                            .is_some_and(|own| own == named))
            }
            None => text("sec-fetch-site") == Some("same-origin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn allows(origins: &Origins, headers: &[(&'static str, &str)]) -> bool {
        let mut req = TestRequest::default();
        for (name, value) in headers {
            req = req.insert_header((*name, *value));
        }
        origins.allow(req.to_http_request().headers())
    }

    #[test]
    fn no_look_alike_gets_through() {
        let origins = Origins::new("https://talk.example", &["https://desk.example:8443".to_owned()]);
        for (origin, wanted) in [
            ("https://talk.example", true),
            ("https://TALK.example", true),
            ("https://talk.example:443", true),
            ("https://desk.example:8443", true),
            ("http://talk.example", false),
            ("https://talk.example.evil", false),
            ("https://talk.example:8443", false),
            ("https://evil/talk.example", false),
            ("https://talk.example@evil", false),
            ("https://eviltalk.example", false),
            ("https://talk.example/", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(allows(&origins, &[("origin", origin)]), wanted, "{origin}");
        }
        assert!(!allows(&origins, &[("origin", "https://evil"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn silence_about_the_origin_is_no_unless_the_browser_vouches() {
        let origins = Origins::new("https://talk.example", &[]);
        assert!(!allows(&origins, &[]));
        assert!(!allows(&origins, &[("sec-fetch-site", "cross-site")]));
        assert!(!allows(&origins, &[("sec-fetch-site", "same-site")]));
        assert!(!allows(&origins, &[("sec-fetch-site", "none")]));
        assert!(allows(&origins, &[("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn without_a_public_address_the_one_in_the_address_bar_counts() {
        let origins = Origins::new("", &[]);
        assert!(allows(&origins, &[("host", "localhost:8080"), ("origin", "http://localhost:8080")]));
        assert!(!allows(&origins, &[("host", "localhost:8080"), ("origin", "http://localhost:9090")]));
        let named = Origins::new("https://talk.example", &[]);
        assert!(!allows(&named, &[("host", "evil"), ("origin", "http://evil")]));
    }
}
