//! Pictures, videos, sound and files behind message ids.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use serde_json::json;

use super::{Line, NOON_MS};
use crate::double::{Endpoint, Event, Fault, Media, Readiness};

async fn sent(line: &Line, event: Event) -> String {
    line.double.send(event).await.expect("the user exists").message_id
}

fn whole(id: &str) -> String {
    format!("/v2/bot/message/{id}/content")
}

#[tokio::test]
async fn a_picture_is_what_was_sent_with_its_type_and_a_smaller_preview() {
    let line = Line::start();
    let picture = Media::drawing(200, 100, "絵");
    let id = sent(&line, Event::image(&line.user).with_content(picture.clone())).await;
    let (status, headers, bytes) = line.data(&whole(&id)).await;
    assert_eq!((status, super::header(&headers, "content-type")), (200, "image/png"));
    assert_eq!(bytes.expect("whole").len() as u64, picture.size());
    let (status, _, preview) = line.data(&format!("{}/preview", whole(&id))).await;
    assert!(status == 200 && (preview.expect("whole").len() as u64) < picture.size());
    assert_eq!(line.data(&format!("{}/transcoding", whole(&id))).await.0, 400);
    assert_eq!(line.get(&whole(&id)).await.0, 404, "content is on the other host");
}

#[tokio::test]
async fn a_video_is_being_prepared_at_first_and_one_of_300_mb_comes_whole() {
    let line = Line::start();
    let video = Event::video(&line.user, 6_000).with_content(Media::video(300 * 1024 * 1024));
    let id = sent(&line, video.ready(Readiness::AfterCalls(2))).await;
    let transcoding = format!("{}/transcoding", whole(&id));
    for _ in 0..2 {
        assert_eq!(line.data(&transcoding).await.2.expect("whole"), json!({ "status": "processing" }).to_string());
        let (status, _, bytes) = line.data(&whole(&id)).await;
        assert_eq!((status, bytes.expect("whole").len()), (202, 0));
    }
    assert_eq!(line.data(&transcoding).await.2.expect("whole"), json!({ "status": "succeeded" }).to_string());
    let request = hyper::Request::get(format!("{}{}", line.double.data_url(), whole(&id)))
        .header("authorization", format!("Bearer {}", line.channel.access_token))
        .body(Full::default())
        .expect("a request");
    let mut answer = line.http.request(request).await.expect("an answer");
    assert_eq!(super::header(answer.headers(), "content-length"), "314572800");
    let mut read = 0;
    while let Some(frame) = answer.frame().await {
        read += frame.expect("no break").into_data().map_or(0, |data| data.len());
    }
    assert_eq!(read, 314_572_800);
}

#[tokio::test]
async fn content_that_is_late_never_ready_failed_or_deleted_says_so() {
    let line = Line::start();
    let at = NOON_MS + 5_000;
    let audio = |readiness| Event::audio(&line.user, 1_500).ready(readiness);
    let id = sent(&line, audio(Readiness::AtMs(at))).await;
    assert_eq!(line.data(&whole(&id)).await.0, 202);
    line.double.clock().advance(Duration::from_secs(5));
    assert_eq!(line.data(&whole(&id)).await.0, 200);
    assert_eq!(line.data(&format!("{}/preview", whole(&id))).await.0, 400);
    let never = sent(&line, audio(Readiness::Never)).await;
    assert_eq!(line.data(&whole(&never)).await.0, 202);
    line.double.set_content(&never, Readiness::Failed).expect("kept");
    let state = line.data(&format!("{}/transcoding", whole(&never))).await.2.expect("whole");
    assert_eq!(state, json!({ "status": "failed" }).to_string());
    line.double.set_content(&id, Readiness::Expired).expect("kept");
    for gone in [&whole(&id), &whole("1"), "/v2/bot/message/1", "/v2/bot/info"] {
        assert_eq!(line.data(gone).await.0, 404, "{gone}");
    }
}

#[tokio::test]
async fn taken_back_content_is_gone_and_another_channel_never_sees_it() {
    let line = Line::start();
    let id = sent(&line, Event::file(&line.user, "秘密.pdf")).await;
    let other = line.double.add_channel("別窓口");
    let own = line.channel.access_token.clone();
    let mut line = line;
    line.channel.access_token = other.access_token;
    assert_eq!(line.data(&whole(&id)).await.0, 404);
    line.channel.access_token = own;
    line.double.send(Event::unsend(&line.user, &id)).await.expect("the user exists");
    let (status, _, body) = line.data(&whole(&id)).await;
    assert_eq!((status, body.expect("whole")), (410, json!({ "message": "The content is gone" }).to_string().into()));
}

#[tokio::test]
async fn what_somebody_else_keeps_is_at_their_address_and_not_at_line() {
    let line = Line::start();
    let engine = line.engine().await;
    let id = sent(&line, Event::image(&line.user).external()).await;
    assert_eq!(line.data(&whole(&id)).await.0, 404);
    let hook = engine.hooks()[0].json();
    let provider = &hook["events"][0]["message"]["contentProvider"];
    assert_eq!(provider["type"], "external");
    for key in ["originalContentUrl", "previewImageUrl"] {
        let url = provider[key].as_str().expect("an address");
        assert!(url.starts_with(&line.double.files_url()), "{url}");
        let answer = line.http.get(url.parse().expect("an address")).await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn a_broken_download_ends_short_of_what_it_promised() {
    let line = Line::start();
    let id = sent(&line, Event::video(&line.user, 1).with_content(Media::video(1_000_000))).await;
    line.double.faults().once(Endpoint::Content, Fault::CutAfter(100_000));
    let (status, _, body) = line.data(&whole(&id)).await;
    assert!(status == 200 && body.is_err());
    assert_eq!(line.data(&whole(&id)).await.2.map(|bytes| bytes.len()).ok(), Some(1_000_000));
    line.double.faults().once(Endpoint::Content, Fault::RateLimited);
    assert_eq!(line.data(&whole(&id)).await.0, 429);
}
