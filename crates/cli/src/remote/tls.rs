//! An encrypted connection to a server of ours: TLS as the proxy in front of it speaks it, its name checked against the
//! certificates of the public web or against those of one's own authority. Deliberately absent: a way to check nothing.

use std::{io, net::TcpStream, path::Path, sync::Arc};

use anyhow::{Context, bail};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

/// Whom to believe that a server is who it says.
#[derive(Debug, Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The authorities of the public web, or those in a file of PEM certificates.
    pub(crate) fn new(authorities: Option<&Path>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        match authorities {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let unreadable = || format!("{} holds no certificates in PEM", path.display());
                for certificate in CertificateDer::pem_file_iter(path).with_context(unreadable)? {
                    roots.add(certificate.with_context(unreadable)?).with_context(unreadable)?;
                }
                if roots.is_empty() {
                    bail!(unreadable());
                }
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("this build has no TLS")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Speaks TLS over a connection to the server of this name.
    pub(crate) fn speak(&self, name: &str, tcp: TcpStream) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
        let server = ServerName::try_from(name.to_owned()).with_context(|| format!("{name} is no name of a server"))?;
        Ok(StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), server)?, tcp))
    }
}

/// Whether a connection failed because the server is not believed to be who it says: asking again does not help.
pub(crate) fn distrusts(error: &anyhow::Error) -> bool {
    let refused = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some_and(refused))
}
