//! Answers by mail, and setting mail up.

use actix_web::web;
use madoguchi_engine::channels::mail::address;
use madoguchi_engine::domain::id::{ConversationId, InboxId};
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::api::{Items, MailChallenge, MailDomain, MailHead, MailSetup, NewMailDomain};

use super::{Answer, created, ok};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert::mail_setup as convert;
use crate::error::invalid;
use crate::extract::{Json, Place};

/// What an answer carries whatever its author writes: recipients and subject are fixed by the mail that it answers.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}/mail", tag = "mail", responses((status = 200, description = "What is fixed.", body = MailHead), (status = 404, description = "This conversation runs over something else.")))]
pub(crate) async fn head(app: web::Data<App>, place: Place) -> Answer {
    let conversation: ConversationId = place.id("conversation")?;
    let head = app.engine.mail_head(conversation).await.map_err(|failure| refused(&app, failure))?;
    ok(&convert::head(&head))
}

/// How the mail of an account stands.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}/mail", tag = "mail", responses((status = 200, description = "How it stands.", body = MailSetup)))]
pub(crate) async fn setup(app: web::Data<App>, place: Place) -> Answer {
    shown(&app, place.id("inbox")?)
}

/// Sends a mail to a company address. When it comes here, the address forwards.
#[utoipa::path(post, path = "/api/v1/inboxes/{inbox}/mail/challenge", tag = "mail", request_body = MailChallenge, responses((status = 200, description = "It is on its way.", body = MailSetup)))]
pub(crate) async fn challenge(app: web::Data<App>, place: Place, Json(wish): Json<MailChallenge>) -> Answer {
    let inbox: InboxId = place.id("inbox")?;
    let address = address::normalise(&wish.address).ok_or_else(|| invalid("address", "a mail address"))?;
    app.engine.challenge_mail(inbox, &address).await.map_err(|failure| refused(&app, failure))?;
    shown(&app, inbox)
}

/// Sends a mail as answers go to the window itself, through the relay, and proves it when it comes.
#[utoipa::path(post, path = "/api/v1/inboxes/{inbox}/mail/test", tag = "mail", responses((status = 200, description = "It is on its way.", body = MailSetup)))]
pub(crate) async fn test(app: web::Data<App>, place: Place) -> Answer {
    let inbox: InboxId = place.id("inbox")?;
    app.engine.test_mail(inbox).await.map_err(|failure| refused(&app, failure))?;
    shown(&app, inbox)
}

fn shown(app: &web::Data<App>, inbox: InboxId) -> Answer {
    let standing = app.engine.mail_standing(inbox).map_err(|failure| refused(app, failure))?;
    ok(&convert::setup(inbox, &standing))
}

/// The domains that answers carry, with what to publish for each.
#[utoipa::path(get, path = "/api/v1/mail/domains", tag = "mail", responses((status = 200, description = "The domains.", body = Items<MailDomain>)))]
pub(crate) async fn domains(app: web::Data<App>) -> Answer {
    let items = app.engine.mail_domains().iter().map(convert::domain).collect();
    ok(&Items::<MailDomain> { items, next_cursor: None })
}

/// Draws a key for a domain. The answer has the records to publish.
#[utoipa::path(post, path = "/api/v1/mail/domains", tag = "mail", request_body = NewMailDomain, responses((status = 201, description = "Added.", body = MailDomain)))]
pub(crate) async fn add_domain(app: web::Data<App>, who: Identity, Json(new): Json<NewMailDomain>) -> Answer {
    let name = new.domain.trim().trim_end_matches('.').to_lowercase();
    // Letters beyond ASCII become what the DNS knows.
    let name = address::normalise(&format!("a@{name}")).and_then(|one| one.rsplit_once('@').map(|(_, d)| d.to_owned()));
    let name = name.ok_or_else(|| invalid("domain", "a domain"))?;
    let standing = app.engine.add_mail_domain(By::Agent(who.agent), &name).await;
    created(&convert::domain(&standing.map_err(|failure| refused(&app, failure))?))
}

/// Asks the DNS about a domain now.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/check", tag = "mail", responses((status = 200, description = "What it says.", body = MailDomain)))]
pub(crate) async fn check_domain(app: web::Data<App>, place: Place) -> Answer {
    let standing = app.engine.check_mail_domain(&place.id::<String>("domain")?).await;
    ok(&convert::domain(&standing.map_err(|failure| refused(&app, failure))?))
}

/// Draws the next key of a domain, which takes the place of the present one once it was seen published. The answer has its
/// record too.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/key", tag = "mail", responses((status = 201, description = "Drawn.", body = MailDomain), (status = 409, description = "One waits already.")))]
pub(crate) async fn turn_key(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let standing = app.engine.turn_mail_key(By::Agent(who.agent), &place.id::<String>("domain")?).await;
    created(&convert::domain(&standing.map_err(|failure| refused(&app, failure))?))
}

/// Forgets the next key of a domain.
#[utoipa::path(delete, path = "/api/v1/mail/domains/{domain}/key", tag = "mail", responses((status = 200, description = "Forgotten.", body = MailDomain)))]
pub(crate) async fn drop_key(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let standing = app.engine.drop_mail_key(By::Agent(who.agent), &place.id::<String>("domain")?).await;
    ok(&convert::domain(&standing.map_err(|failure| refused(&app, failure))?))
}

/// Carries a domain no more. Its key is gone for good.
#[utoipa::path(delete, path = "/api/v1/mail/domains/{domain}", tag = "mail", responses((status = 204, description = "Gone.")))]
pub(crate) async fn remove_domain(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let gone = app.engine.remove_mail_domain(By::Agent(who.agent), &place.id::<String>("domain")?).await;
    gone.map_err(|failure| refused(&app, failure))?;
    super::done()
}
