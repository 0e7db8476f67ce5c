//! Access tokens of every kind, as an engine gets and loses them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::{Line, NOON_MS};
use crate::double::{AssertionKey, TokenKind};

/// Made for these tests alone.
static KEY: &[u8] = include_bytes!("../testdata/assertion-key.pk8");
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn form(line: &Line, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let (status, _, answer) = line.call("POST", path, &headers, &body).await.expect("an answer");
    (status, answer)
}

async fn opens(line: &Line, token: &str) -> bool {
    let bearer = format!("Bearer {token}");
    let answer = line.call("GET", "/v2/bot/info", &[("authorization", &bearer)], "").await.expect("an answer");
    answer.0 == 200
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

async fn by_secret(line: &Line, path: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*line.channel.id),
        ("client_secret", &*line.channel.secret),
    ];
    form(line, path, &fields).await
}

/// An assertion signed with the key, its claims changed by `change`.
fn assertion(line: &Line, kid: &str, change: impl Fn(&mut Value)) -> String {
    let pair = RsaKeyPair::from_pkcs8(KEY).expect("a key");
    let mut claims = json!({
        "iss": line.channel.id, "sub": line.channel.id, "aud": "https://api.line.me/",
        "exp": NOON_MS / 1_000 + 1_800, "token_exp": 3_600,
    });
    change(&mut claims);
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("signed");
    format!("{signed}.{}", BASE64.encode(signature))
}

fn register(line: &Line) {
    let pair = RsaKeyPair::from_pkcs8(KEY).expect("a key");
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let key = AssertionKey { kid: "k1".to_owned(), n: BASE64.encode(public.n), e: BASE64.encode(public.e) };
    line.double.add_assertion_key(&line.channel, key).expect("the channel exists");
}

async fn by_assertion(line: &Line, path: &str, assertion: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    form(line, path, &fields).await
}

#[tokio::test]
async fn a_stateless_token_ends_after_fifteen_minutes_and_not_by_revoking() {
    let line = Line::start();
    let (status, issued) = by_secret(&line, "/oauth2/v3/token").await;
    assert_eq!((status, &issued["expires_in"], &issued["token_type"]), (200, &json!(900), &json!("Bearer")));
    let token = text(&issued["access_token"]);
    assert_eq!(form(&line, "/v2/oauth/revoke", &[("access_token", token)]).await.0, 200);
    assert!(opens(&line, token).await, "it cannot be revoked");
    line.double.clock().advance(Duration::from_millis(15 * 60 * 1_000 - 1));
    assert!(opens(&line, token).await);
    line.double.clock().advance(Duration::from_millis(1));
    assert!(!opens(&line, token).await);
}

#[tokio::test]
async fn a_short_lived_token_is_verified_revoked_and_ended_by_the_thirty_first() {
    let line = Line::start();
    let (_, first) = by_secret(&line, "/v2/oauth/accessToken").await;
    let token = text(&first["access_token"]);
    let (status, verified) = form(&line, "/v2/oauth/verify", &[("access_token", token)]).await;
    assert_eq!(
        (status, &verified["client_id"], &verified["expires_in"]),
        (200, &json!(line.channel.id), &json!(2_592_000))
    );
    for _ in 0..30 {
        assert!(opens(&line, token).await);
        by_secret(&line, "/v2/oauth/accessToken").await;
    }
    assert!(!opens(&line, token).await);
    let (_, last) = by_secret(&line, "/v2/oauth/accessToken").await;
    let token = text(&last["access_token"]);
    assert_eq!(form(&line, "/v2/oauth/revoke", &[("access_token", token)]).await, (200, Value::Null));
    assert!(!opens(&line, token).await);
    let (status, refused) = form(&line, "/v2/oauth/verify", &[("access_token", token)]).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn wrong_secrets_and_wrong_forms_get_errors_in_the_shape_of_oauth() {
    let line = Line::start();
    let wrong = [("grant_type", "client_credentials"), ("client_id", &*line.channel.id), ("client_secret", "0")];
    let (status, refused) = form(&line, "/oauth2/v3/token", &wrong).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_client")));
    let (status, refused) = form(&line, "/v2/oauth/accessToken", &[("grant_type", "password")]).await;
    assert_eq!((status, &refused["error"]), (400, &json!("unsupported_grant_type")));
    let answer = line.call("POST", "/oauth2/v3/token", &[("content-type", "application/json")], "{}").await;
    assert_eq!(answer.map(|(status, ..)| status), Some(415));
    assert!(line.double.calls().iter().all(|call| call.body.is_empty()), "secrets are not logged");
}

#[tokio::test]
async fn an_assertion_must_be_signed_by_a_known_key_for_line_and_in_time() {
    let line = Line::start();
    let path = "/oauth2/v2.1/token";
    let good = assertion(&line, "k1", |_| {});
    assert_eq!(by_assertion(&line, path, &good).await.1["error_description"], "Invalid kid");
    register(&line);
    let (status, issued) = by_assertion(&line, path, &good).await;
    assert_eq!((status, &issued["expires_in"]), (200, &json!(3_600)), "{issued}");
    let token = text(&issued["access_token"]);
    assert!(opens(&line, token).await);
    assert_eq!(by_assertion(&line, "/oauth2/v3/token", &good).await.1["expires_in"], 900);

    let query = format!("{ASSERTION_TYPE}&client_assertion={good}");
    let kids = line.call("GET", &format!("/oauth2/v2.1/tokens/kid?client_assertion_type={query}"), &[], "").await;
    assert_eq!(kids.map(|(_, _, body)| body), Some(json!({ "kids": [issued["key_id"]] })));
    let encoded: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let verified = line.call("GET", &format!("/oauth2/v2.1/verify?access_token={encoded}"), &[], "").await;
    assert_eq!(verified.map(|(status, _, body)| (status, body["expires_in"].clone())), Some((200, json!(3_600))));

    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 6] = [
        ("Invalid sub", |claims| claims["sub"] = json!("1")),
        ("Invalid aud", |claims| claims["aud"] = json!("https://example.com/")),
        ("Invalid exp", |claims| claims["exp"] = json!(NOON_MS / 1_000)),
        ("Invalid exp", |claims| claims["exp"] = json!(NOON_MS / 1_000 + 1_801)),
        ("Invalid token_exp", |claims| claims["token_exp"] = json!(2_592_001)),
        ("Invalid kid", |claims| claims["iss"] = json!("1")),
    ];
    for (why, change) in changes {
        let (status, refused) = by_assertion(&line, path, &assertion(&line, "k1", change)).await;
        assert_eq!((status, &refused["error_description"]), (400, &json!(why)));
    }
    let forged = format!("{}{}", &good[..good.len() - 4], if good.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    assert_eq!(by_assertion(&line, path, &forged).await.1["error_description"], "Invalid signature");
    let secret = [("client_id", &*line.channel.id), ("client_secret", &*line.channel.secret), ("access_token", token)];
    assert_eq!(form(&line, "/oauth2/v2.1/revoke", &secret).await.0, 200);
    assert!(!opens(&line, token).await);
}

#[tokio::test]
async fn a_reissued_long_lived_token_leaves_the_old_one_its_grace_and_a_new_secret_signs_at_once() {
    let line = Line::start();
    let engine = line.engine().await;
    let new = line.double.reissue_token(&line.channel, 1_000).expect("the channel exists");
    assert!(opens(&line, &line.channel.access_token).await && opens(&line, &new).await);
    line.double.clock().advance(Duration::from_secs(1));
    assert!(!opens(&line, &line.channel.access_token).await && opens(&line, &new).await);
    let secret = line.double.reissue_secret(&line.channel).expect("the channel exists");
    line.double.say(&line.user, "署名").await.expect("said");
    let hooks = engine.hooks();
    assert_eq!(super::header(&hooks[0].headers, "x-line-signature"), crate::double::sign(&secret, &hooks[0].body));
}

#[test]
fn the_thirty_first_token_by_assertion_is_refused() {
    let line = Line::start();
    let add = || line.double.add_token(&line.channel, TokenKind::Assertion, i64::MAX);
    assert!((0..30).all(|_| add().is_ok()));
    assert!(add().is_err());
}
