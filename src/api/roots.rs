//! Which certificate authorities are trusted.
//!
//! The system's, or on Linux what `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place, and those
//! of `--ca-file` besides. Files of certificates are the only ones this room reads. Not here: the
//! client (`setup`).

use std::io::{self, Read};
use std::path::Path;

use reqwest::{Certificate, ClientBuilder};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::error::Error;
use super::transport;

/// Larger than any bundle of certificates in use, which has some hundred kilobytes.
const LARGEST: u64 = 16 * 1024 * 1024;

const EMPTY: &str = "it holds no certificate in PEM form";

/// Makes a client trust them. Plain http asks nobody for a certificate, so the system's are not
/// loaded for it.
///
/// # Errors
/// [`Error::CaFile`] and [`Error::Setup`].
pub(super) fn trust(
    builder: ClientBuilder,
    is_https: bool,
    ca_file: Option<&Path>,
) -> Result<ClientBuilder, Error> {
    let extra = match ca_file {
        Some(path) => extra(path)?,
        None => Vec::new(),
    };
    if is_https {
        with_the_systems(builder, extra)
    } else {
        Ok(builder.tls_certs_only(extra))
    }
}

/// Linux has no verifier of its own, only files.
#[cfg(all(unix, not(target_os = "macos")))]
fn with_the_systems(
    builder: ClientBuilder,
    mut trusted: Vec<Certificate>,
) -> Result<ClientBuilder, Error> {
    match files::certificates() {
        Ok(found) => trusted.extend(found.iter().filter_map(usable)),
        // Those of --ca-file may be all that is needed.
        Err(cause) if trusted.is_empty() => return Err(Error::Setup { cause }),
        Err(_) => {}
    }
    if trusted.is_empty() {
        let cause = "there is none".to_owned();
        return Err(Error::Setup { cause });
    }
    Ok(builder.tls_certs_only(trusted))
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere files are read")]
fn with_the_systems(
    builder: ClientBuilder,
    extra: Vec<Certificate>,
) -> Result<ClientBuilder, Error> {
    Ok(builder.tls_certs_merge(extra))
}

/// A certificate that the verifier takes for an authority's. Systems hold some that it does not.
#[cfg(all(unix, not(target_os = "macos")))]
fn usable(der: &CertificateDer<'static>) -> Option<Certificate> {
    RootCertStore::empty().add(der.clone()).ok()?;
    Certificate::from_der(der).ok()
}

/// The files that hold the system's certificates.
#[cfg(all(unix, not(target_os = "macos")))]
mod files {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    /// The variables' certificates, or the system's where neither says anything. One that is empty
    /// counts as unset, as with curl.
    pub(super) fn certificates() -> Result<Vec<CertificateDer<'static>>, String> {
        let file = variable("SSL_CERT_FILE").map(PathBuf::from);
        let directories = variable("SSL_CERT_DIR");
        if file.is_none() && directories.is_none() {
            return Ok(of_the_system());
        }
        let mut found = match &file {
            Some(path) => bundle(path)
                .map_err(|cause| format!("SSL_CERT_FILE is {}, but {cause}", path.display()))?,
            None => Vec::new(),
        };
        for directory in std::env::split_paths(&directories.unwrap_or_default()) {
            // Each file in it is one that can do without the others.
            found.extend(rustls_native_certs::load_certs_from_paths(None, Some(&directory)).certs);
        }
        Ok(found)
    }

    /// One bundle holds them all; its directory, with a file for each, is the slower way.
    fn of_the_system() -> Vec<CertificateDer<'static>> {
        let places = openssl_probe::probe();
        let bundle = places
            .cert_file
            .map(|path| bundle(&path).unwrap_or_default());
        match bundle {
            Some(found) if !found.is_empty() => found,
            _ => places
                .cert_dir
                .iter()
                .flat_map(|dir| rustls_native_certs::load_certs_from_paths(None, Some(dir)).certs)
                .collect(),
        }
    }

    /// What is damaged in it does not take the rest away.
    fn bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
        let bytes = super::read(path)?;
        let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes).flatten().collect();
        if found.is_empty() {
            return Err(super::EMPTY.to_owned());
        }
        Ok(found)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "these variables are the network's, not the program's own"
    )]
    fn variable(name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }
}

/// Reads the bundle of `--ca-file`, and makes sure of every certificate in it: the HTTP library
/// would only say that some certificate is bad.
fn extra(path: &Path) -> Result<Vec<Certificate>, Error> {
    let unusable = |cause: String| Error::CaFile {
        path: path.to_owned(),
        cause,
    };
    let bytes = read(path).map_err(unusable)?;
    let mut checked = RootCertStore::empty();
    let mut certificates = Vec::new();
    for der in CertificateDer::pem_slice_iter(&bytes) {
        let der = der.map_err(|error| unusable(format!("it is not PEM: {error}")))?;
        let certificate = Certificate::from_der(&der);
        checked
            .add(der)
            .map_err(|error| unusable(format!("a certificate in it is damaged: {error}")))?;
        let certificate = certificate.map_err(|error| unusable(transport::describe(error)))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(unusable(EMPTY.to_owned()));
    }
    Ok(certificates)
}

/// The bytes of a bundle. What cannot be one is not read: a pipe or a device might never end.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let kind = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if !kind.is_file() {
        return Err("it is not a file".to_owned());
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the only files this room reads; nothing is written"
    )]
    let file = std::fs::File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is too large for a bundle of certificates".to_owned());
    }
    Ok(bytes)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    }
}
