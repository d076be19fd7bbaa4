//! TLS towards a broker. `rumqttc` always checks the certificate against the host it connects to;
//! where the certificate has another name, that is checked in its place.

use crate::{Tls, tls};
use rumqttc::TlsConfiguration;
use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// What `rumqttc` needs.
///
/// # Errors
/// In words, when a certificate, a key or the name cannot be used.
pub(super) fn configuration(settings: &Tls, host: &str) -> Result<TlsConfiguration, String> {
    let mut config = tls::client_config(settings)?;
    let name = tls::server_name(settings, host)?;
    if settings.server_name.is_some() {
        let provider = config.crypto_provider().clone();
        let roots = tls::roots(settings.ca.as_deref())?;
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| format!("the trusted certificates cannot be used: {error}"))?;
        config.dangerous().set_certificate_verifier(Arc::new(Named { name, inner }));
    }
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}

/// Checks certificates as usual, but for a name of its own.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
