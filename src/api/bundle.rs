//! Reads a file of certificates that somebody named: PEM in all its spellings, or DER.
//!
//! As with curl, one certificate that cannot be used does not take the others away. No bytes of a
//! file are ever in an error, since it may hold a private key. Not here: which files (`trust_roots`).

use std::io::{self, Read};
use std::path::Path;

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::domain::text;

/// Larger than any bundle of certificates in use, which has some hundred kilobytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How many certificates that cannot be used are named.
const NAMED: usize = 5;

/// The labels of a certificate. OpenSSL writes all of them; the last is followed by what it is
/// trusted for.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// The certificates of a file.
pub(super) struct Bundle {
    pub(super) certificates: Vec<Certificate>,
    /// Those that cannot be used, in words; nothing where there is none.
    pub(super) complaint: Option<String>,
}

/// Reads a file, or a pipe to its end.
///
/// # Errors
/// Why no certificate can be had from it, as the end of a sentence.
pub(super) fn read(path: &Path) -> Result<Bundle, String> {
    let bytes = contents(path)?;
    if bytes.is_empty() {
        return Err("it is empty and holds no certificate".to_owned());
    }
    if let Some(what) = Der::of(&bytes) {
        return what.read(&bytes);
    }
    pem(&decoded(&bytes))
}

/// The bytes of a file. A device might never end, and neither might a pipe: reading is to have a
/// deadline.
fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let kind = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if kind.is_dir() {
        return Err("it is a directory, not a file".to_owned());
    }
    if !kind.is_file() && !is_pipe(kind.file_type()) {
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

/// Such as the shell's `<(command)`.
#[cfg(unix)]
fn is_pipe(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: std::fs::FileType) -> bool {
    false
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    }
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

/// What a binary file is.
enum Der {
    Certificate,
    Pkcs12,
    Pkcs7,
    PrivateKey,
    JavaKeyStore,
}

impl Der {
    /// Told from the first bytes; nothing where it is text.
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) {
            return Some(Self::JavaKeyStore);
        }
        // A sequence too long for one byte of length. The letter 0 begins like one.
        let [0x30, length @ 0x81..=0x84, ..] = bytes else {
            return None;
        };
        let content = bytes.get(2 + usize::from(length & 0x7F)..)?;
        match content {
            [0x02, 1, 3, ..] => Some(Self::Pkcs12),
            [0x02, ..] => Some(Self::PrivateKey),
            [0x06, ..] => Some(Self::Pkcs7),
            _ => Some(Self::Certificate),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Bundle, String> {
        let why = match self {
            Self::Certificate => {
                let certificate = usable(bytes).ok_or("the certificate in it is damaged")?;
                return Ok(Bundle {
                    certificates: vec![certificate],
                    complaint: None,
                });
            }
            Self::Pkcs12 => {
                "it is a PKCS#12 archive: `openssl pkcs12 -in FILE -cacerts -nokeys -out ca.pem` makes PEM of it"
            }
            Self::Pkcs7 => {
                "it is in PKCS#7 form: `openssl pkcs7 -inform DER -in FILE -print_certs -out ca.pem` makes PEM of it"
            }
            Self::PrivateKey => "it holds a private key and no certificate",
            Self::JavaKeyStore => {
                "it is a Java key store: `keytool -exportcert -rfc -keystore FILE -alias NAME -file ca.pem` makes PEM of it"
            }
        };
        Err(why.to_owned())
    }
}

/// A part of a PEM file.
struct Block<'a> {
    label: &'a str,
    /// Where it begins, counted from 1.
    line: usize,
    body: Vec<&'a str>,
    is_ended: bool,
}

fn pem(text: &str) -> Result<Bundle, String> {
    let (blocks, others): (Vec<_>, Vec<_>) = blocks(text)
        .into_iter()
        .partition(|block| LABELS.contains(&block.label));
    let mut certificates = Vec::new();
    let mut damaged = Vec::new();
    for block in &blocks {
        match certificate(block) {
            Some(certificate) => certificates.push(certificate),
            None => damaged.push(block.line),
        }
    }
    if certificates.is_empty() && blocks.is_empty() {
        return Err(without_certificates(text, &others));
    }
    if certificates.is_empty() {
        return Err(match blocks.as_slice() {
            [_] => "the certificate in it is damaged".to_owned(),
            all => format!("all {} certificates in it are damaged", all.len()),
        });
    }
    let complaint = (!damaged.is_empty()).then(|| {
        format!(
            "{} of its {} certificates cannot be used ({}); the others are",
            damaged.len(),
            blocks.len(),
            lines(&damaged)
        )
    });
    Ok(Bundle {
        certificates,
        complaint,
    })
}

/// The blocks between `BEGIN` and `END`. One begins where the one before has no end, too.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    // The lines of CRLF are counted once.
    let lines = text
        .split('\n')
        .enumerate()
        .flat_map(|(at, line)| line.split('\r').map(move |line| (at + 1, line)));
    for (line, content) in lines {
        // A mark of byte order also comes in the middle, where files were put together.
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

fn certificate(block: &Block<'_>) -> Option<Certificate> {
    if !block.is_ended {
        return None;
    }
    let body = block.body.join("\n");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    usable(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?)
}

/// A certificate that the verifier takes for an authority's, without anything that follows it.
fn usable(der: &[u8]) -> Option<Certificate> {
    let der = first_element(der)?;
    RootCertStore::empty()
        .add(CertificateDer::from(der.to_vec()))
        .ok()?;
    Certificate::from_der(der).ok()
}

/// The first element of some DER, whole.
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

fn without_certificates(text: &str, others: &[Block<'_>]) -> String {
    let is_any = |labels: &[&str]| others.iter().any(|block| labels.contains(&block.label));
    if is_any(&["PKCS7", "CMS"]) {
        return "it is in PKCS#7 form: `openssl pkcs7 -in FILE -print_certs -out ca.pem` makes a bundle of it".to_owned();
    }
    if is_any(&["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]) {
        return "it holds a request for a certificate and no certificate".to_owned();
    }
    if others
        .iter()
        .any(|block| block.label.ends_with("PRIVATE KEY"))
    {
        return "it holds a private key and no certificate".to_owned();
    }
    // `-----BEGIN` as base64.
    if text::trim_input(text).starts_with("LS0tLS1CRUdJTi") {
        return "it is PEM encoded as base64 once more: decode it with `base64 -d`".to_owned();
    }
    "it holds no certificate in PEM or DER form".to_owned()
}

/// `line 3`, `lines 3 and 40`.
fn lines(lines: &[usize]) -> String {
    let mut named: Vec<String> = lines.iter().take(NAMED).map(usize::to_string).collect();
    if lines.len() > NAMED {
        named.push(format!("{} more", lines.len() - NAMED));
    }
    match named.split_last() {
        Some((only, [])) => format!("line {only}"),
        Some((last, rest)) => format!("lines {} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
