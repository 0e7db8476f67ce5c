//! The session cookie.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

/// How the cookie is called and made; decided by the public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    is_secure: bool,
    max_age_s: i64,
}

impl SessionCookie {
    /// For a server reached under `public_url`.
    #[must_use]
    pub fn new(public_url: &str, max_age_s: i64) -> Self {
        Self { is_secure: public_url.starts_with("https://"), max_age_s }
    }

    /// Its name. The prefix makes browsers refuse it from a subdomain or without TLS.
    #[must_use]
    pub fn name(self) -> &'static str {
        if self.is_secure { "__Host-madoguchi" } else { "madoguchi" }
    }

    /// The cookie that carries `secret`.
    #[must_use]
    pub fn carrying(self, secret: String) -> Cookie<'static> {
        Cookie::build(self.name(), secret)
            .path("/")
            .http_only(true)
            .secure(self.is_secure)
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(self.max_age_s))
            .finish()
    }

    /// The cookie that removes it.
    #[must_use]
    pub fn removal(self) -> Cookie<'static> {
        let mut cookie = self.carrying(String::new());
        cookie.make_removal();
        cookie
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let https = SessionCookie::new("https://talk.example", 60).carrying("s".to_owned());
        assert_eq!(https.to_string(), "__Host-madoguchi=s; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
        let http = SessionCookie::new("http://127.0.0.1:8080", 60).carrying("s".to_owned());
        assert_eq!(http.to_string(), "madoguchi=s; HttpOnly; SameSite=Lax; Path=/; Max-Age=60");
    }
}
