//! TLS by rustls, with its ring provider and the platform's certificate verifier.
//!
//! - The provider is named here, so a Rust host that has another one, or two, is no trouble to us, nor we to it.
//! - Sessions are not resumed: the cache for them has a lock, which a forked child could inherit locked.

use super::NoAnswer;
use super::deadline::Timed;
use super::endpoint::Endpoint;
use once_cell::race::OnceBox;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Made at the first `https` request: reading the system's certificates takes milliseconds.
#[derive(Debug, Default)]
pub(super) struct Tls(OnceBox<Arc<ClientConfig>>);

impl Tls {
    /// TLS over a connection, checked to reach the endpoint's host. The handshake is part of the first write.
    pub(super) fn over<'c>(
        &self,
        stream: Timed<'c>,
        endpoint: &Endpoint,
    ) -> Result<StreamOwned<ClientConnection, Timed<'c>>, NoAnswer> {
        let failed = |error: rustls::Error| NoAnswer::new(format!("TLS: {error}"));
        let config = self.0.get_or_try_init(|| config().map(Arc::new).map(Box::new)).map_err(failed)?;
        let host = ServerName::try_from(endpoint.host.clone());
        let host = host.map_err(|_| NoAnswer::new(format!("TLS: {:?} is no host's name", endpoint.host)))?;
        Ok(StreamOwned::new(ClientConnection::new(Arc::clone(config), host).map_err(failed)?, stream))
    }
}

fn config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Verifier::new(Arc::clone(&provider))?);
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    // The name is rustls's: any verifier of one's own is "dangerous". This one is the platform's.
    let mut config = versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
