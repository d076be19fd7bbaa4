//! TLS for connections that the gateway opens: whom to trust, and who it says it is.

use crate::Tls;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::sync::Arc;

/// What rustls needs for a client.
///
/// # Errors
/// In words, when a certificate or key cannot be used, or nobody at all is trusted.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?
        .with_root_certificates(roots(tls.ca.as_deref())?);
    let Some((chain, key)) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(chain, "the gateway's own certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|error| format!("the gateway's own private key cannot be read: {error}"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("the gateway's own certificate cannot be used: {error}"))
}

/// The name that the server's certificate has to have.
///
/// # Errors
/// In words, when it is no name.
pub(crate) fn server_name(tls: &Tls, host: &str) -> Result<ServerName<'static>, String> {
    let name = tls.server_name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{name} is no name that a certificate can have"))
}

/// Those that are trusted: the ones given, or else the system's.
pub(crate) fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in certificates(pem, "the trusted certificate")? {
                roots
                    .add(certificate)
                    .map_err(|error| format!("the trusted certificate cannot be used: {error}"))?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let why = found.errors.first().map(|error| format!(": {error}"));
                let why = why.unwrap_or_default();
                return Err(format!("this system has no trusted certificates{why}; name a ca"));
            }
        }
    }
    Ok(roots)
}

fn certificates(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{what} is not in the PEM form")),
        Err(error) => Err(format!("{what} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_in_words() {
        let tls = |ca: &str, identity: Option<(&str, &str)>| Tls {
            ca: Some(ca.to_owned()),
            identity: identity.map(|(chain, key)| (chain.to_owned(), key.to_owned())),
            server_name: None,
        };
        let own = rcgen::generate_simple_self_signed(["plc.local".to_owned()]).unwrap();
        let (pem, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        assert!(client_config(&tls(&pem, None)).is_ok());
        assert!(client_config(&tls(&pem, Some((&pem, &key)))).is_ok());
        let said = |tls: &Tls| client_config(tls).unwrap_err();
        assert_eq!(said(&tls("no", None)), "the trusted certificate is not in the PEM form");
        let no_key = said(&tls(&pem, Some((&pem, "no"))));
        assert!(no_key.contains("private key cannot be read"), "{no_key}");
        assert!(server_name(&tls(&pem, None), "10.0.0.7").is_ok());
        assert!(server_name(&tls(&pem, None), "not a name").is_err());
    }
}
