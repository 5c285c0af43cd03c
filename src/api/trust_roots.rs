//! Which certificate authorities are trusted.
//!
//! The system's, or on Linux what `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place, and those
//! of `--ca-file` besides. Not here: reading files that somebody names (`bundle`), and the client
//! (`http_client`).

use std::path::Path;

use reqwest::{Certificate, ClientBuilder};
#[cfg(all(unix, not(target_os = "macos")))]
use rustls::{RootCertStore, pki_types::CertificateDer};

use super::bundle;
use super::error::Error;

/// The authorities that are trusted.
pub(super) struct TrustRoots {
    certificates: Vec<Certificate>,
    /// Whether the platform's own verifier is asked as well.
    with_platform: bool,
    /// Certificates that cannot be used, in sentences; nothing where there is none.
    pub(super) complaint: Option<String>,
}

impl TrustRoots {
    /// Reads them. Plain http asks nobody for a certificate, so the system's are not loaded for it.
    ///
    /// # Errors
    /// [`Error::CaFile`] and [`Error::Setup`].
    pub(super) fn load(is_https: bool, ca_file: Option<&Path>) -> Result<Self, Error> {
        let mut roots = Self {
            certificates: Vec::new(),
            with_platform: false,
            complaint: None,
        };
        if let Some(path) = ca_file {
            let bundle = bundle::read(path).map_err(|cause| Error::CaFile {
                path: path.to_owned(),
                cause,
            })?;
            roots.add("--ca-file", path, bundle);
        }
        if is_https {
            roots.add_the_systems()?;
        }
        Ok(roots)
    }

    /// Makes a client trust them.
    pub(super) fn trust(&self, builder: ClientBuilder) -> ClientBuilder {
        let certificates = self.certificates.iter().cloned();
        if self.with_platform {
            builder.tls_certs_merge(certificates)
        } else {
            builder.tls_certs_only(certificates)
        }
    }

    fn add(&mut self, named_by: &str, path: &Path, bundle: bundle::Bundle) {
        self.certificates.extend(bundle.certificates);
        if let Some(complaint) = bundle.complaint {
            let sentence = format!("{named_by} is {}: {complaint}.", path.display());
            self.complaint = Some(match self.complaint.take() {
                Some(earlier) => format!("{earlier} {sentence}"),
                None => sentence,
            });
        }
    }

    /// Linux has no verifier of its own, only files.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn add_the_systems(&mut self) -> Result<(), Error> {
        let named = self.add_the_named();
        // Those of --ca-file may be all that is needed.
        if self.certificates.is_empty() {
            let cause = named.err().unwrap_or_else(|| "there is none".to_owned());
            return Err(Error::Setup { cause });
        }
        Ok(())
    }

    /// The variables' certificates, or the system's where neither says anything. One that is empty
    /// counts as unset, as with curl.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn add_the_named(&mut self) -> Result<(), String> {
        let file = files::variable("SSL_CERT_FILE").map(std::path::PathBuf::from);
        let directories = files::variable("SSL_CERT_DIR");
        if file.is_none() && directories.is_none() {
            let found = files::of_the_system();
            self.certificates.extend(found.iter().filter_map(usable));
            return Ok(());
        }
        if let Some(path) = file {
            let bundle = bundle::read(&path)
                .map_err(|cause| format!("SSL_CERT_FILE is {}, but {cause}", path.display()))?;
            self.add("SSL_CERT_FILE", &path, bundle);
        }
        for directory in std::env::split_paths(&directories.unwrap_or_default()) {
            // Each file in it is one that can do without the others.
            let found = rustls_native_certs::load_certs_from_paths(None, Some(&directory));
            self.certificates
                .extend(found.certs.iter().filter_map(usable));
        }
        Ok(())
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere files are read")]
    fn add_the_systems(&mut self) -> Result<(), Error> {
        self.with_platform = true;
        Ok(())
    }
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

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    /// One bundle holds them all; its directory, with a file for each, is the slower way.
    pub(super) fn of_the_system() -> Vec<CertificateDer<'static>> {
        let places = openssl_probe::probe();
        let bundle = places.cert_file.map(|path| {
            CertificateDer::pem_file_iter(path)
                .map(|found| found.flatten().collect::<Vec<_>>())
                .unwrap_or_default()
        });
        match bundle {
            Some(found) if !found.is_empty() => found,
            _ => places
                .cert_dir
                .iter()
                .flat_map(|dir| rustls_native_certs::load_certs_from_paths(None, Some(dir)).certs)
                .collect(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "these variables are the network's, not the program's own"
    )]
    pub(super) fn variable(name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }
}
