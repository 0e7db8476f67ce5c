//! What every handler shares.

use std::sync::Arc;

use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org::{Inbox, Role};
use madoguchi_engine::{Clock, Handle};
use madoguchi_protocol::Problem;

use crate::admission::{Admission, Class, Place};
use crate::auth::cookie::SessionCookie;
use crate::auth::origin::Origins;
use crate::auth::sessions::Sessions;
use crate::auth::tokens::Tokens;
use crate::auth::{Auth, People};
use crate::config::{Config, validate};
use crate::desk::{CannotOpen, Desk};
use crate::shutdown::Stopping;
use crate::socket::Sockets;

/// What every handler shares; one for the process, as `web::Data<App>`.
pub struct App {
    /// The engine.
    pub engine: Handle,
    /// Who is asking.
    pub auth: Auth,
    /// The settings.
    pub config: Arc<Config>,
    /// Where the time comes from.
    pub clock: Clock,
    /// Which sites may change things by cookie.
    pub origins: Origins,
    /// The session cookie.
    pub cookie: SessionCookie,
    /// The store of sessions, drafts and read marks.
    pub desk: Desk,
    /// Every live socket.
    pub sockets: Sockets,
    /// Who is let in when much is going on.
    pub admission: Admission,
    /// Whether the process is on its way out.
    pub stopping: Stopping,
    /// Under which address people and platforms reach this server, without a slash at the end.
    pub public_url: String,
}

impl App {
    /// Puts the parts together. `listening` is the address that is bound; it counts where no public one is named.
    ///
    /// # Errors
    /// The desk store cannot be opened.
    pub fn new(engine: Handle, config: Arc<Config>, clock: Clock, listening: &str) -> Result<Self, CannotOpen> {
        let desk = Desk::open(&config.data_dir.join("desk"))?;
        let now = clock.now();
        let sessions = Sessions::load(desk.tree("sessions")?, &config.session, now);
        let tokens = Tokens::load(desk.tree("tokens")?, now);
        let auth = Auth::new(&config, sessions, tokens, people(engine.clone()));
        let public_url = Self::public_url(&config, listening);
        Ok(Self {
            auth,
            origins: Origins::new(&config.public_url, &config.allowed_origins),
            cookie: SessionCookie::new(&public_url, config.session.absolute_s),
            desk,
            sockets: Sockets::new(config.limits.sockets, config.limits.sockets_per_agent),
            admission: Admission::default(),
            stopping: Stopping::default(),
            public_url,
            engine,
            clock,
            config,
        })
    }

    /// Under which address people and platforms reach a server that listens here.
    #[must_use]
    pub fn public_url(config: &Config, listening: &str) -> String {
        validate::origin(&config.public_url).unwrap_or_else(|| listening.to_owned())
    }

    /// Lets one more of a class in, see [`crate::admission`].
    ///
    /// # Errors
    /// `overloaded`.
    pub fn admit(&self, class: Class) -> Result<Place, Problem> {
        self.admission.admit(class, || self.engine.pressure())
    }

    /// The address that a platform calls for an inbox.
    #[must_use]
    pub fn webhook_url(&self, inbox: &Inbox) -> String {
        format!("{}/hooks/{}/{}", self.public_url, inbox.settings.kind().word(), inbox.id)
    }
}

fn people(engine: Handle) -> People {
    Arc::new(move |agent: AgentId| -> Option<Role> {
        let org = engine.org();
        let agent = org.agents.get(&agent)?;
        (!agent.disabled).then_some(agent.role)
    })
}
