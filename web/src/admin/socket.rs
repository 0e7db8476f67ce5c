//! `DIR/admin.sock`: the way to the running server for whoever may read its folder (mode 0600).
//!
//! One line a question, one line the answer, one connection at a time a task. Nobody else's rights are checked: who can
//! open the socket could as well read the store.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as Client;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::wire::{Request, Response};
use crate::App;

/// The longest line in bytes. A longer one ends the connection.
const LINE_BYTES: u64 = 64 * 1024;
/// How long the command line waits for an answer: an export of a large store takes its time.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Where the socket of a store is.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Asks the server that listens at `path`.
///
/// # Errors
/// Nobody listens, see [`nobody_listens`]; or the line broke.
pub fn ask(path: &Path, request: &Request) -> io::Result<Response> {
    let mut stream = Client::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server hung up before it answered"));
    }
    Ok(serde_json::from_str(&answer)?)
}

/// Whether the error says that no server runs on this store.
#[must_use]
pub fn nobody_listens(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// Listens at `path`. The caller holds the store, so a socket that lies there is a dead server's.
///
/// # Errors
/// The folder cannot be written.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // The mask keeps others out from the first moment on, not only after the change of mode.
    let mask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    nix::sys::stat::umask(mask);
    let listener = listener?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers whoever connects, until the task is dropped.
pub async fn serve(listener: UnixListener, app: web::Data<App>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let app = app.clone();
                actix_web::rt::spawn(async move {
                    if let Err(error) = answer(stream, &app).await {
                        tracing::warn!(%error, "the operator's line broke");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the admin socket takes no connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, app: &App) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let taken = (&mut lines).take(LINE_BYTES).read_until(b'\n', &mut line).await?;
        if taken == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => super::perform(app, request).await,
            Err(error) => Response::Failed { text: format!("not understood: {error}") },
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        write.write_all(&text).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn nobody_but_the_owner_reaches_the_socket() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = path(dir.path());
        let _listener = listen(&path).expect("free");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[actix_web::test]
    async fn a_dead_servers_socket_is_in_nobodys_way() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = path(dir.path());
        let error = ask(&path, &Request::Compact).expect_err("no socket");
        assert!(nobody_listens(&error));
        drop(listen(&path).expect("free"));
        assert!(path.exists(), "as after a kill");
        let error = ask(&path, &Request::Compact).expect_err("nobody behind it");
        assert!(nobody_listens(&error));
        listen(&path).expect("taken over");
    }
}
