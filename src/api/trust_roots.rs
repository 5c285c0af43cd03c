//! Which certificate authorities are trusted: the system's, or on Linux those named by
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` instead, plus those of `--ca-file`.
//!
//! A named file may be PEM in all its spellings, or DER. As with curl, an unusable certificate does
//! not invalidate the others. Errors contain no bytes of a file: it may hold a private key.

use std::io::{self, Read};
use std::path::Path;

use reqwest::ClientBuilder;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::error::Error;
use crate::domain::text;

/// Real bundles have a few hundred kilobytes.
const MAX_BUNDLE: u64 = 16 * 1024 * 1024;

const PRIVATE_KEY: &str = "it contains a private key and no certificate";
const DAMAGED: &str = "the certificate in it is damaged";

/// How many unusable certificates are listed by line.
const MAX_LISTED: usize = 5;

/// The PEM labels of a certificate. OpenSSL writes all of them; under the last one, trust settings
/// follow the certificate.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// A trusted certificate in the form that the HTTP library takes.
#[cfg(all(unix, not(target_os = "macos")))]
type Root = rustls::pki_types::TrustAnchor<'static>;
#[cfg(not(all(unix, not(target_os = "macos"))))]
type Root = reqwest::Certificate;

/// The trusted authorities.
#[derive(Clone, Default)]
pub(super) struct TrustRoots {
    roots: Vec<Root>,
    /// Sentences about unusable certificates.
    pub(super) complaint: Option<String>,
}

impl TrustRoots {
    /// Loads them. Plain http verifies nothing, so it skips the system's.
    ///
    /// # Errors
    /// [`Error::CaFile`] and [`Error::Setup`].
    pub(super) fn load(is_https: bool, ca_file: Option<&Path>) -> Result<Self, Error> {
        let mut roots = Self::default();
        if let Some(path) = ca_file {
            roots
                .add("--ca-file", path)
                .map_err(|cause| Error::CaFile {
                    path: path.to_owned(),
                    cause,
                })?;
        }
        if is_https {
            roots.add_system()?;
        }
        Ok(roots)
    }

    /// Makes a client trust these authorities. Parsed certificates go in as they are, since parsing
    /// all of a system's again would take a millisecond.
    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        let roots = self.roots.clone();
        let mut tls = rustls::ClientConfig::builder()
            .with_root_certificates(RootCertStore { roots })
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        builder.tls_backend_preconfigured(tls)
    }

    /// Makes a client trust these authorities beside those of the platform's verifier.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.tls_certs_merge(self.roots.iter().cloned())
    }

    /// Adds the certificates of a named file. Errors are sentence fragments.
    fn add(&mut self, named_by: &str, path: &Path) -> Result<(), String> {
        let complaint = self.add_bundle(&contents(path)?)?;
        if let Some(complaint) = complaint {
            let sentence = format!("{named_by} {}: {complaint}.", path.display());
            self.complaint = Some(match self.complaint.take() {
                Some(earlier) => format!("{earlier} {sentence}"),
                None => sentence,
            });
        }
        Ok(())
    }

    /// Adds the certificates of a file's contents. Returns a sentence fragment about the unusable
    /// ones.
    fn add_bundle(&mut self, bytes: &[u8]) -> Result<Option<String>, String> {
        if bytes.is_empty() {
            return Err("it is empty".to_owned());
        }
        if let Some(certificate) = der(bytes) {
            self.roots.push(certificate?);
            return Ok(None);
        }
        let text = decoded(bytes);
        let (blocks, others): (Vec<_>, Vec<_>) = blocks(&text)
            .into_iter()
            .partition(|block| LABELS.contains(&block.label));
        let mut damaged = Vec::new();
        for block in &blocks {
            match block.certificate() {
                Some(certificate) => self.roots.push(certificate),
                None => damaged.push(block.line),
            }
        }
        match (blocks.len(), damaged.len()) {
            (0, _) => Err(what_else(&text, &others).to_owned()),
            (1, 1) => Err(DAMAGED.to_owned()),
            (count, bad) if bad == count => {
                Err(format!("all {count} certificates in it are damaged"))
            }
            (_, 0) => Ok(None),
            (count, bad) => Ok(Some(format!(
                "{bad} of its {count} certificates cannot be used ({}); the others can",
                lines(&damaged)
            ))),
        }
    }

    /// Adds the system's: Linux has no verifier of its own, only files.
    ///
    /// # Errors
    /// [`Error::Setup`].
    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) fn add_system(&mut self) -> Result<(), Error> {
        let added = self.add_files();
        // The certificates of --ca-file may be enough.
        if self.roots.is_empty() {
            let cause = added.err().unwrap_or_else(|| "none were found".to_owned());
            return Err(Error::Setup { cause });
        }
        Ok(())
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "Linux reads files here"
    )]
    pub(super) fn add_system(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Adds the certificates that the variables name, or else the system's. An empty variable counts
    /// as unset, as with curl.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn add_files(&mut self) -> Result<(), String> {
        let file = variable("SSL_CERT_FILE").map(std::path::PathBuf::from);
        let directories = variable("SSL_CERT_DIR");
        if file.is_none() && directories.is_none() {
            // One bundle holds them all; reading a file for each is slower.
            let system = openssl_probe::probe();
            if !self.add_from(system.cert_file.as_deref(), None) {
                for directory in &system.cert_dir {
                    self.add_from(None, Some(directory));
                }
            }
            return Ok(());
        }
        if let Some(path) = file {
            self.add("SSL_CERT_FILE", &path)
                .map_err(|cause| format!("SSL_CERT_FILE is {}, but {cause}", path.display()))?;
        }
        for directory in std::env::split_paths(&directories.unwrap_or_default()) {
            self.add_from(None, Some(&directory));
        }
        Ok(())
    }

    /// Adds the certificates that the verifier accepts, and returns whether the source contained
    /// any. Systems ship some that it rejects.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn add_from(&mut self, file: Option<&Path>, directory: Option<&Path>) -> bool {
        let found = rustls_native_certs::load_certs_from_paths(file, directory).certs;
        let usable = found.iter().filter_map(|der| usable(der));
        self.roots.extend(usable);
        !found.is_empty()
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
#[expect(
    clippy::disallowed_methods,
    reason = "these variables configure the network, not the program"
)]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Reads a file, or a pipe to its end. A pipe may never end: the caller sets a deadline. Errors are
/// sentence fragments.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "other I/O errors describe themselves"
)]
fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let reason = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission was denied".to_owned(),
        _ => error.to_string(),
    };
    let kind = std::fs::metadata(path).map_err(reason)?;
    if kind.is_dir() {
        return Err("it is a directory, not a file".to_owned());
    }
    // A device may never end.
    if !kind.is_file() && !is_pipe(kind.file_type()) {
        return Err("it is not a file".to_owned());
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates are the only files that this module reads"
    )]
    let file = std::fs::File::open(path).map_err(reason)?;
    let mut bytes = Vec::new();
    file.take(MAX_BUNDLE + 1)
        .read_to_end(&mut bytes)
        .map_err(reason)?;
    if bytes.len() as u64 > MAX_BUNDLE {
        return Err("it is too large for a bundle of certificates".to_owned());
    }
    Ok(bytes)
}

/// Such as the shell's `<(command)`.
#[cfg(unix)]
fn is_pipe(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: std::fs::FileType) -> bool {
    false
}

/// The text of a file; PowerShell writes UTF-16.
fn decoded(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| {
        let pairs = bytes[2..].as_chunks::<2>().0;
        let units: Vec<u16> = pairs.iter().map(|pair| of(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The certificate in a binary file, or why it has none; nothing for text. The first bytes decide.
fn der(bytes: &[u8]) -> Option<Result<Root, &'static str>> {
    if bytes.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) {
        return Some(Err(
            "it is a Java keystore: export PEM with `keytool -exportcert -rfc -keystore FILE -alias NAME -file ca.pem`",
        ));
    }
    // A sequence with a length of several bytes. The tag alone would also match the digit 0.
    let [0x30, length @ 0x81..=0x84, ..] = bytes else {
        return None;
    };
    Some(match bytes.get(2 + usize::from(length & 0x7F)..)? {
        [0x02, 1, 3, ..] => Err(
            "it is a PKCS#12 archive: convert it with `openssl pkcs12 -in FILE -cacerts -nokeys -out ca.pem`",
        ),
        [0x02, ..] => Err(PRIVATE_KEY),
        [0x06, ..] => Err(
            "it is in PKCS#7 format: convert it with `openssl pkcs7 -inform DER -in FILE -print_certs -out ca.pem`",
        ),
        _ => usable(bytes).ok_or(DAMAGED),
    })
}

/// One block of a PEM file.
struct Block<'a> {
    label: &'a str,
    /// Where it begins, counted from 1.
    line: usize,
    body: Vec<&'a str>,
    is_ended: bool,
}

impl Block<'_> {
    fn certificate(&self) -> Option<Root> {
        if !self.is_ended {
            return None;
        }
        let body = self.body.join("\n");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        usable(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?)
    }
}

/// The blocks between `BEGIN` and `END`. A block without an end stops where the next one begins.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    // CRLF counts as one line.
    let lines = text
        .split('\n')
        .enumerate()
        .flat_map(|(at, line)| line.split('\r').map(move |line| (at + 1, line)));
    for (line, content) in lines {
        // Concatenated files have byte order marks in the middle.
        let content = content.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        let open = blocks.last_mut().filter(|block| !block.is_ended);
        if let Some(label) = content.strip_prefix("-----BEGIN ") {
            blocks.push(Block {
                label: label.trim_end_matches('-').trim_end(),
                line,
                body: Vec::new(),
                is_ended: false,
            });
        } else if let Some(block) = open {
            if content.starts_with("-----END") {
                block.is_ended = true;
            } else {
                block.body.push(content);
            }
        }
    }
    blocks
}

/// A certificate that the verifier accepts as an authority's, without anything that follows it.
fn usable(der: &[u8]) -> Option<Root> {
    let der = first_element(der)?;
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(der)).ok()?;
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        store.roots.pop()
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    {
        reqwest::Certificate::from_der(der).ok()
    }
}

/// The first DER element, complete with its header.
fn first_element(der: &[u8]) -> Option<&[u8]> {
    let (length, header) = match *der.get(1)? {
        short @ 0..=0x7F => (usize::from(short), 2),
        long @ 0x81..=0x84 => {
            let bytes = der.get(2..2 + usize::from(long & 0x7F))?;
            let length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, 2 + bytes.len())
        }
        _ => return None,
    };
    der.get(..header.checked_add(length)?)
}

/// The contents of a string without certificates.
fn what_else(text: &str, others: &[Block<'_>]) -> &'static str {
    let has = |is: fn(&str) -> bool| others.iter().any(|block| is(block.label));
    if has(|label| matches!(label, "PKCS7" | "CMS")) {
        "it is in PKCS#7 format: convert it with `openssl pkcs7 -in FILE -print_certs -out ca.pem`"
    } else if has(|label| label.ends_with("CERTIFICATE REQUEST")) {
        "it contains a certificate request and no certificate"
    } else if has(|label| label.ends_with("PRIVATE KEY")) {
        PRIVATE_KEY
    } else if text::trim_input(text).starts_with("LS0tLS1CRUdJTi") {
        // `-----BEGIN` in base64.
        "it is PEM encoded in base64 again: decode it with `base64 -d`"
    } else {
        "it contains no certificate in PEM or DER format"
    }
}

/// `line 3`, `lines 3 and 40`.
fn lines(lines: &[usize]) -> String {
    let mut listed: Vec<String> = lines
        .iter()
        .take(MAX_LISTED)
        .map(usize::to_string)
        .collect();
    if lines.len() > MAX_LISTED {
        listed.push(format!("{} more", lines.len() - MAX_LISTED));
    }
    let word = if listed.len() == 1 { "line" } else { "lines" };
    format!("{word} {}", text::listed(&listed))
}
