//! The least that a program with this HTTP library can do: fetch the pages of a list, or one token, and
//! count what came. `figures.py` measures tokenscope against it.
//!
//!     bare URL [CA_FILE]
//!
//! A URL that ends in `page=` is a list: its first page says how many there are, and the others follow
//! four at a time.

use std::error::Error;
use std::io::{self, Write as _};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::{Certificate, Client};

/// As many pages at once as tokenscope fetches.
const AT_ONCE: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    // `cargo bench` passes a flag of its own and no URL.
    let Some(url) = arguments.next().filter(|first| !first.starts_with('-')) else {
        return Ok(());
    };
    let ca_file = arguments.next();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bytes = runtime.block_on(count(&url, ca_file.as_deref()))?;
    writeln!(io::stdout(), "{bytes} bytes")?;
    Ok(())
}

async fn count(url: &str, ca_file: Option<&str>) -> Result<usize, Box<dyn Error>> {
    let client = client(ca_file)?;
    if !url.ends_with("page=") {
        return Ok(fetch(&client, url.to_owned()).await?.len());
    }
    let first = fetch(&client, format!("{url}1")).await?;
    let rest = (2..=pages(&first)).map(|page| fetch(&client, format!("{url}{page}")));
    let rest = stream::iter(rest).buffer_unordered(AT_ONCE);
    let rest: usize = rest
        .map_ok(|body| body.len())
        .try_fold(0, |sum, length| async move { Ok(sum + length) })
        .await?;
    Ok(first.len() + rest)
}

fn client(ca_file: Option<&str>) -> Result<Client, Box<dyn Error>> {
    // The name of the provider is a program's own to choose; that it was chosen before is no matter.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy();
    let certificates = match ca_file {
        Some(path) => vec![Certificate::from_pem(&std::fs::read(path)?)?],
        None => Vec::new(),
    };
    Ok(builder.tls_certs_only(certificates).build()?)
}

async fn fetch(client: &Client, url: String) -> reqwest::Result<Vec<u8>> {
    let response = client.get(url).bearer_auth("bench").send().await?;
    let bytes = response.error_for_status()?.bytes().await?;
    Ok(bytes.into())
}

/// The number of pages, as the first one says it.
fn pages(first: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(&first[first.len().saturating_sub(200)..]);
    let number = text.split("\"total_pages\":").nth(1).map(str::trim_start);
    let digits = number.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}
