//! The certificate of the mail server: from two files, read again when they change, so that a renewal needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate that is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificate {
    /// A file is not there, or no PEM.
    #[error("{path} cannot be read: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The two do not go together.
    #[error("certificate and key do not go together")]
    Mismatch(#[from] rustls::Error),
}

/// The newest certificate that could be read.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    now: Mutex<(Stamp, TlsAcceptor)>,
}

type Stamp = (Option<SystemTime>, Option<SystemTime>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads both files, in PEM.
    ///
    /// # Errors
    /// They are of no use.
    pub fn open(chain: &Path, key: &Path) -> Result<Self, BadCertificate> {
        let acceptor = read(chain, key)?;
        let now = Mutex::new((stamp(chain, key), acceptor));
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), now })
    }

    /// What the next handshake is made with. Files that changed are read; where they are of no use the former ones stay.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let mut now = self.now.lock();
        let newest = stamp(&self.chain, &self.key);
        if newest != now.0 {
            match read(&self.chain, &self.key) {
                Ok(acceptor) => *now = (newest, acceptor),
                Err(error) => tracing::error!(%error, "the certificate for mail changed and is of no use"),
            }
        }
        now.1.clone()
    }
}

fn stamp(chain: &Path, key: &Path) -> Stamp {
    let of = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    (of(chain), of(key))
}

fn read(chain: &Path, key: &Path) -> Result<TlsAcceptor, BadCertificate> {
    let failed = |path: &Path, why: String| BadCertificate::File { path: path.to_owned(), why };
    let certificates = CertificateDer::pem_file_iter(chain).map_err(|error| failed(chain, error.to_string()))?;
    let certificates: Result<Vec<_>, _> = certificates.collect();
    let certificates = certificates.map_err(|error| failed(chain, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, private)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
