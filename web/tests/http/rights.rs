//! That somebody reads or changes what is not theirs.

use reqwest::Method;
use serde_json::json;

use super::server::Server;

#[actix_web::test]
async fn who_is_in_no_window_sees_no_desk() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_window("support").await;
    let id = owner.add_agent("hanako", "agent").await;
    owner.add_agent("chief", "supervisor").await;
    let hanako = server.log_in("hanako").await;
    assert_eq!(hanako.get("/api/v1/session").await.1["windows"], json!([]));
    for path in ["/api/v1/windows/sales", "/api/v1/windows/sales/conversations", "/api/v1/agents", "/api/v1/inboxes"] {
        let (status, body) = hanako.get(path).await;
        assert_eq!((status.as_u16(), &body["code"]), (403, &json!("forbidden")), "{path}");
    }

    let (status, window) = owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
    assert_eq!(status, 200, "{window}");
    assert_eq!(window["agents"][0]["name"], "hanako");
    assert_eq!(hanako.get("/api/v1/windows/sales/conversations").await.0, 200);
    assert_eq!(hanako.get("/api/v1/agents").await.0, 200);
    assert_eq!(hanako.get("/api/v1/windows/support").await.0, 403);
    let (_, mine) = hanako.get("/api/v1/windows").await;
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));

    let chief = server.log_in("chief").await;
    assert_eq!(chief.get("/api/v1/windows/support").await.0, 200);
    assert_eq!(chief.get("/api/v1/windows/nowhere").await.0, 404);
    assert_eq!(chief.get("/api/v1/session").await.1["windows"][0]["member"], false);

    let gone = owner.ask(Method::DELETE, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
    assert_eq!(gone.0, 200);
    assert_eq!(hanako.get("/api/v1/windows/sales").await.0, 403);
}

#[actix_web::test]
async fn an_administrator_makes_no_owner_and_touches_none() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let (status, body) = admin
        .post("/api/v1/agents", json!({"login": "x", "name": "x", "role": "owner", "password": "long-and-unusual-7"}))
        .await;
    assert_eq!((status.as_u16(), &body["field"]), (403, &json!("role")));
    let (_, me) = owner.get("/api/v1/session").await;
    let path = format!("/api/v1/agents/{}/disable", me["agent"]["id"].as_str().expect("an id"));
    assert_eq!(admin.ask(Method::POST, &path, None).await.0, 403);
    let (status, body) = owner.ask(Method::POST, &path, None).await;
    assert_eq!(status, 422, "the last owner stays: {body}");
}

#[actix_web::test]
async fn only_an_owner_points_an_inbox_elsewhere_and_nobody_sees_a_secret() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let inbox = json!({"window": "sales", "kind": "line", "settings": {
        "channel_secret": "hunter2", "channel_access_token": "hunter3",
        "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9"}});
    let (status, body) = admin.post("/api/v1/inboxes", inbox.clone()).await;
    assert_eq!((status.as_u16(), &body["field"]), (403, &json!("settings.api_base_url")));
    let (status, made) = owner.post("/api/v1/inboxes", inbox).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().expect("an id");
    assert_eq!(made["webhook_url"], json!(format!("{}/hooks/line/{id}", server.address)));
    let (_, shown) = owner.get(&format!("/api/v1/inboxes/{id}")).await;
    assert_eq!(shown["settings"]["channel_secret"], "set");
    let (_, list) = admin.get("/api/v1/inboxes?window=sales").await;
    for text in [made.to_string(), shown.to_string(), list.to_string()] {
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[actix_web::test]
async fn a_wrong_request_is_refused_with_the_name_of_what_is_wrong() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    for (path, body, status, field) in [
        ("/api/v1/windows", json!({"id": "Sales", "name": "x", "product": 5}), 422, "id"),
        ("/api/v1/windows", json!({"id": "a", "name": "x", "product": 7}), 422, "product"),
        ("/api/v1/windows", json!({"id": "a", "name": "x"}), 422, "product"),
        ("/api/v1/windows", json!({"id": "a", "name": "x", "product": 5, "colour": "red"}), 422, "colour"),
        ("/api/v1/windows", json!({"id": "sales", "name": "y", "product": 5}), 409, "window id"),
        (
            "/api/v1/agents",
            json!({"login": "a", "name": "a", "role": "agent", "password": "12345678"}),
            422,
            "password",
        ),
        ("/api/v1/tokens", json!({"name": "t", "expires_in_days": 1000}), 422, "expires_in_days"),
    ] {
        let (got, problem) = owner.post(path, body.clone()).await;
        assert_eq!(got, status, "{body}: {problem}");
        assert_eq!(problem["field"], field, "{body}: {problem}");
    }
    let (status, problem) = owner.get("/api/v1/windows/sales/conversations?limit=1000").await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("limit")));
    let (status, problem) = owner.get("/api/v1/windows/sales/conversations?colour=red").await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("colour")));
    let (status, problem) =
        owner.ask(Method::PATCH, "/api/v1/windows/sales/settings", Some(json!({"handover_timeout_ms": 1}))).await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("handover_timeout_ms")));
    let (status, window) =
        owner.ask(Method::PATCH, "/api/v1/windows/sales/settings", Some(json!({"handover_timeout_ms": 30_000}))).await;
    assert_eq!(status, 200);
    assert_eq!(window["settings"]["handover_timeout_ms"], 30_000);
    let missing = "/api/v1/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(owner.get(missing).await.0, 404);
    assert_eq!(owner.get("/api/v1/conversations/no-id").await.0, 404);
    let claim = owner.post(&format!("{missing}/claim"), json!({})).await;
    assert_eq!(claim.0, 404);
}
