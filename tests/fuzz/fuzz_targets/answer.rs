//! Any status and body as the API's answer: the client returns a token, a list or a typed error.

#![no_main]

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tokenscope::api::{BaseUrl, Client, Deadlines, Options};
use tokenscope::domain::credential::{Credential, CredentialKind, Secret};
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::token::TokenId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::Instant;

static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static CLIENT: LazyLock<(Runtime, Client)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(listener));
    let client = Client::new(&Options {
        base_url: BaseUrl::parse(&format!("http://{address}")).unwrap(),
        ca_file: None,
        use_system_proxy: false,
        idle_limit: Duration::from_secs(60),
        clock: || "2026-11-25T12:00:00Z".parse().unwrap(),
    });
    (runtime, client.unwrap())
});

/// Answers every request on a connection that stays open.
async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                if !buffer[..count].ends_with(b"\r\n\r\n") {
                    continue;
                }
                let answer = ANSWER.lock().unwrap().clone();
                if stream.write_all(&answer).await.is_err() {
                    break;
                }
            }
        });
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, body) = input;
    // Without statuses that are retried, since their pauses take time.
    let status = [200, 200, 400, 401, 403, 404, 418, 301][usize::from(choice % 8)];
    let mut answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    *ANSWER.lock().unwrap() = answer;
    let (runtime, client) = &*CLIENT;
    let credential = Credential {
        kind: CredentialKind::ApiToken,
        secret: Secret::new("canary".to_owned()),
    };
    let scope = Scope::Account(ScopeId::parse("023e105f4ecef8ad9ca31a8372d0c353").unwrap());
    let deadlines = Deadlines {
        timeout: Duration::from_secs(5),
        keyring: Duration::from_secs(5),
        end: Some(Instant::now() + Duration::from_secs(5)),
    };
    let error = runtime.block_on(async {
        let reader = client.reader(&credential, &scope, deadlines).unwrap();
        if choice & 8 == 0 {
            let id = TokenId::parse("f174e90a-fafe-4643-bbbc-4a0ed4fc8415").unwrap();
            reader.token(&id).await.err()
        } else {
            let mut on_page = |_: tokenscope::api::Page<'_, _>| {};
            reader.tokens(&mut on_page).await.err()
        }
    });
    if let Some(error) = error {
        let failure = error.into_failure(Some(&scope));
        assert!(!failure.summary.is_empty() && !failure.hint.text.is_empty());
        assert!(!failure.lines().join("\n").contains("canary"));
    }
});
