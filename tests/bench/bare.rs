//! The least that a program with the same libraries can do: fetch a token or the pages of a list, parse the
//! JSON, and count the tokens. `figures.py` compares tokenscope with it.
//!
//!     bare URL [CA_FILE]
//!
//! A URL that ends in `page=` is a list. Its first page states the number of pages; the others are
//! fetched four at a time.

#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which has no config to read files through"
)]

use std::error::Error;
use std::io::{self, Write as _};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::{Certificate, Client};
use serde_json::Value;

/// Concurrent requests, as many as tokenscope sends.
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
    let tokens = runtime.block_on(count(&url, ca_file.as_deref()))?;
    writeln!(io::stdout(), "{tokens} tokens")?;
    Ok(())
}

async fn count(url: &str, ca_file: Option<&str>) -> Result<usize, Box<dyn Error>> {
    let client = client(ca_file)?;
    if !url.ends_with("page=") {
        return Ok(tokens(&fetch(&client, url.to_owned()).await?));
    }
    let first = fetch(&client, format!("{url}1")).await?;
    let pages = first["result_info"]["total_pages"].as_u64().unwrap_or(1);
    let rest = (2..=pages).map(|page| fetch(&client, format!("{url}{page}")));
    let rest = stream::iter(rest).buffer_unordered(AT_ONCE);
    rest.try_fold(tokens(&first), |sum, page| async move {
        Ok(sum + tokens(&page))
    })
    .await
}

/// Trusts the system's authorities and those of the file, as tokenscope does. Without a file no URL is
/// https, and nothing is loaded.
fn client(ca_file: Option<&str>) -> Result<Client, Box<dyn Error>> {
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy();
    let builder = match ca_file {
        Some(path) => builder.tls_certs_merge([Certificate::from_pem(&std::fs::read(path)?)?]),
        None => builder.tls_certs_only([]),
    };
    Ok(builder.build()?)
}

async fn fetch(client: &Client, url: String) -> Result<Value, Box<dyn Error>> {
    let response = client.get(url).bearer_auth("bench").send().await?;
    let body = response.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}

/// One for a single token.
fn tokens(answer: &Value) -> usize {
    answer["result"].as_array().map_or(1, Vec::len)
}
