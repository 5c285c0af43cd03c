//! Proxies, certificates, and connections that went silent.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokenscope::api::{Client, Options};
use tokio::io::AsyncWriteExt;

use crate::api::errors::base64;
use crate::api::transport::{Raw, answer, private_tls, raw, read_head, tls};
use crate::api::{self, account, api_token, id, noon, options, patience};
use crate::support::api::{CANARY, Fake, ID, Outcome, Reply, http, run, shows, success, token};
use crate::support::keyring::eventually;

fn get(fake: &Fake, variables: &[(&str, &str)]) -> Outcome {
    run(fake
        .command(&["get", ID, "-o", "json", "--timeout", "20"])
        .envs(variables.iter().copied()))
}

fn named(fake: &Fake, variables: &[(&str, &str)]) -> String {
    let outcome = get(fake, variables);
    assert_eq!(outcome.code, Some(0), "{variables:?}: {}", outcome.stdout);
    outcome.json()["token"]["name"].to_string()
}

fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

// SOCKS

/// What a SOCKS server does with those who come.
#[derive(Clone, Copy, PartialEq)]
enum Socks {
    Open,
    /// Wants exactly this user name and password.
    Login(&'static str, &'static str),
    /// Takes no login, as `ssh -D`.
    OnlyAnonymous,
    /// Answers a request with this code.
    Refuses(u8),
}

struct SocksServer {
    address: SocketAddr,
    /// The hosts asked for, as they came.
    asked: Arc<Mutex<Vec<String>>>,
}

impl SocksServer {
    /// Leads every connection to this address, whatever it asks for.
    fn start(behaviour: Socks, target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || serve_socks(stream, behaviour, target, &seen));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn take<const N: usize>(stream: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).ok().map(|()| bytes)
}

fn take_text(stream: &mut TcpStream) -> Option<String> {
    let [length] = take(stream)?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

fn serve_socks(
    mut stream: TcpStream,
    behaviour: Socks,
    target: SocketAddr,
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    let [5, count] = take(&mut stream)? else {
        return None;
    };
    let mut methods = vec![0; usize::from(count)];
    stream.read_exact(&mut methods).ok()?;
    let wanted = match behaviour {
        Socks::Login(..) => 2,
        // One that takes whatever it is offered.
        Socks::Open | Socks::Refuses(_) => methods[0],
        Socks::OnlyAnonymous => 0,
    };
    if !methods.contains(&wanted) {
        stream.write_all(&[5, 0xFF]).ok()?;
        return None;
    }
    stream.write_all(&[5, wanted]).ok()?;
    if wanted == 2 {
        let [1] = take(&mut stream)? else { return None };
        let login = (take_text(&mut stream)?, take_text(&mut stream)?);
        let is_right = match behaviour {
            Socks::Login(user, password) => {
                (login.0.as_str(), login.1.as_str()) == (user, password)
            }
            _ => true,
        };
        stream.write_all(&[1, u8::from(!is_right)]).ok()?;
        if !is_right {
            return None;
        }
    }
    let [5, 1, 0, kind] = take(&mut stream)? else {
        return None;
    };
    let host = match kind {
        1 => format!(
            "address {}",
            std::net::Ipv4Addr::from(take::<4>(&mut stream)?)
        ),
        4 => format!(
            "address {}",
            std::net::Ipv6Addr::from(take::<16>(&mut stream)?)
        ),
        _ => format!("name {}", take_text(&mut stream)?),
    };
    let _port: [u8; 2] = take(&mut stream)?;
    asked.lock().unwrap().push(host);
    let code = match behaviour {
        Socks::Refuses(code) => code,
        _ => 0,
    };
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    if code != 0 {
        return None;
    }
    let upstream = TcpStream::connect(target).ok()?;
    let (mut from, mut to) = (stream.try_clone().ok()?, upstream.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ended = std::io::copy(&mut from, &mut to);
        to.shutdown(std::net::Shutdown::Write)
    });
    let _ended = std::io::copy(&mut &upstream, &mut &stream);
    stream.shutdown(std::net::Shutdown::Write).ok()
}

#[test]
fn h01_socks_proxies_of_every_spelling_are_gone_through() {
    let target = Fake::holding(&token(r#""name":"target""#));
    let through = Fake::holding(&token(r#""name":"through""#));
    let proxy = SocksServer::start(Socks::Open, through.address);
    for scheme in ["socks5", "socks5h", "socks", "SOCKS5H", "Socks"] {
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            for end in ["", "/"] {
                let url = format!("{scheme}://{}{end}", proxy.address);
                assert_eq!(
                    named(&target, &[(name, &url)]),
                    "\"through\"",
                    "{name}={url}"
                );
                assert_eq!(proxy.asked(), ["address 127.0.0.1"]);
                let straight = [(name, url.as_str()), ("NO_PROXY", "127.0.0.1")];
                assert_eq!(named(&target, &straight), "\"target\"");
                assert!(proxy.asked().is_empty());
            }
        }
    }
    let url = format!("socks5://{}", proxy.address);
    let base = ("CLOUDFLARE_BASE_URL", "http://[::1]:9");
    assert_eq!(named(&target, &[("ALL_PROXY", &url), base]), "\"through\"");
    assert_eq!(proxy.asked(), ["address ::1"]);
    let other = format!("socks5://{}", proxy.address);
    assert_eq!(named(&target, &[("HTTPS_PROXY", &other)]), "\"target\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_name_is_resolved_at_the_proxy_but_for_socks5() {
    let directory = tempfile::tempdir().unwrap();
    let (server, ca) = private_tls(&directory, "localhost").await;
    let other = tempfile::tempdir().unwrap();
    let (elsewhere, other_ca) = private_tls(&other, "api.tokenscope.invalid").await;
    let fake = Fake::holding("");
    let at = |name: &str, port: u16, ca: &Path, proxy: &str| {
        run(fake
            .command(&[
                "get",
                "a name",
                "-o",
                "json",
                "--timeout",
                "20",
                "--ca-file",
            ])
            .arg(ca)
            .env("CLOUDFLARE_BASE_URL", format!("https://{name}:{port}"))
            .env("ALL_PROXY", proxy))
    };
    let proxy = SocksServer::start(Socks::Open, server.address);
    let port = server.address.port();
    for scheme in ["socks5h", "socks"] {
        let url = format!("{scheme}://{}", proxy.address);
        at("localhost", port, &ca, &url).is_error("not_found", 4);
        assert_eq!(proxy.asked(), ["name localhost"], "{scheme}");
    }
    let url = format!("socks5://{}", proxy.address);
    at("localhost", port, &ca, &url).is_error("not_found", 4);
    let asked = proxy.asked();
    assert!(
        asked == ["address 127.0.0.1"] || asked == ["address ::1"],
        "{asked:?}"
    );
    // A name that this computer cannot resolve, and an address that needs no resolving.
    let proxy = SocksServer::start(Socks::Open, elsewhere.address);
    let name = "api.tokenscope.invalid";
    let url = format!("socks5h://{}", proxy.address);
    at(name, 443, &other_ca, &url).is_error("not_found", 4);
    assert_eq!(proxy.asked(), [format!("name {name}")]);
    let url = format!("socks5://{}", proxy.address);
    let words = at(name, 443, &other_ca, &url).is_error("network", 1);
    assert!(
        words.contains(name) && words.contains("resolved"),
        "{words}"
    );
    assert!(proxy.asked().is_empty());
}

#[test]
fn h01_a_socks_login_comes_from_the_url_and_each_refusal_is_told_apart() {
    let target = Fake::holding(&token(r#""name":"through""#));
    let login = Socks::Login("ada", "p@ss:word");
    for (behaviour, user, said) in [
        (login, "ada:p%40ss%3Aword@", ""),
        (Socks::Login("ada", ""), "ada@", ""),
        (Socks::Open, "ada:anything@", ""),
        (login, "", "requires a user name and password"),
        (login, "ada:hunter2@", "did not accept those in ALL_PROXY"),
        (login, "hunter2@", "did not accept those in ALL_PROXY"),
        (Socks::OnlyAnonymous, "ada:hunter2@", "takes no user name"),
    ] {
        let proxy = SocksServer::start(behaviour, target.address);
        for scheme in ["socks5", "socks5h", "socks"] {
            let url = format!("{scheme}://{user}{}", proxy.address);
            let outcome = get(&target, &[("ALL_PROXY", &url)]);
            if said.is_empty() {
                assert_eq!(outcome.code, Some(0), "{url}: {}", outcome.stdout);
                continue;
            }
            let words = outcome.is_error("proxy", 1);
            assert!(words.contains(said), "{url}: {words}");
            assert!(words.contains(&proxy.address.to_string()), "{words}");
            assert!(!outcome.stdout.contains("hunter2"), "{}", outcome.stdout);
        }
    }
    assert!(target.heads().iter().all(|head| !head.contains("hunter2")));
}

#[test]
fn h01_a_socks_proxy_that_fails_is_named_and_never_gone_past() {
    let target = Fake::holding(&token(""));
    let in_all = |url: &str| get(&target, &[("ALL_PROXY", url)]);
    for code in 1..=9 {
        let proxy = SocksServer::start(Socks::Refuses(code), target.address);
        let words = in_all(&format!("socks5h://{}", proxy.address)).is_error("proxy", 1);
        assert!(
            words.contains(&proxy.address.to_string()),
            "{code}: {words}"
        );
    }
    let address = dead();
    let words = in_all(&format!("socks5://{address}")).is_error("proxy", 1);
    assert!(
        words.contains(&address) && words.contains("SOCKS"),
        "{words}"
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let talker = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _hello = stream.read(&mut [0; 3]);
            let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let words = in_all(&format!("socks5h://{talker}")).is_error("proxy", 1);
    assert!(words.contains("does not speak SOCKS 5"), "{words}");
    for (url, said) in [
        ("socks5://", "not a URL"),
        ("socks5h://:1080", "not a URL"),
        ("socks://a b:1", "not a URL"),
        ("socks5://127.0.0.1:99999", "not a URL"),
        ("socks4://127.0.0.1:9", "version 5"),
        ("socks4a://127.0.0.1:9", "version 5"),
        ("socks6://127.0.0.1:9", "version 5"),
        (&format!("socks5://{}@127.0.0.1:9", "u".repeat(256)), "255"),
        (
            &format!("socks5://u:{}@127.0.0.1:9", "%41".repeat(256)),
            "255",
        ),
    ] {
        let outcome = in_all(url);
        let words = outcome.is_error("proxy", 1);
        assert!(
            words.contains(said) && words.contains("ALL_PROXY"),
            "{url}: {words}"
        );
    }
    assert!(target.heads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_what_fails_behind_or_before_a_tunnel_names_whom_it_concerns() {
    let directory = tempfile::tempdir().unwrap();
    let (https_proxy, _) = private_tls(&directory, "127.0.0.1").await;
    let fake = Fake::holding("");
    let cutting = TcpListener::bind("127.0.0.1:0").unwrap();
    let socks = SocksServer::start(Socks::Open, cutting.local_addr().unwrap());
    std::thread::spawn(move || cutting.incoming().for_each(drop));
    let target = "https://127.0.0.1:9";
    let through = |proxy: &str| {
        let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "20"]);
        run(command
            .env("CLOUDFLARE_BASE_URL", target)
            .env("ALL_PROXY", proxy))
    };
    let url = https_proxy.url.replace("http:", "https:");
    let words = through(&url).is_error("tls", 1);
    assert!(
        words.contains(&format!("the proxy {}", https_proxy.address)),
        "{words}"
    );
    // The proxy did its part: what it leads to cuts the connection.
    let outcome = through(&format!("socks5h://{}", socks.address));
    let kind = outcome.json()["error"]["kind"].clone();
    assert!(kind == "network" || kind == "tls", "{}", outcome.stdout);
    assert!(outcome.stdout.contains("127.0.0.1:9"), "{}", outcome.stdout);
}

#[test]
fn h01_a_silent_socks_proxy_costs_the_deadline_alone() {
    let target = Fake::holding("");
    let quiet = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("socks5h://{}", quiet.local_addr().unwrap());
    let mut command = target.command(&["get", ID, "-o", "json", "--timeout", "1"]);
    let outcome = run(command.env("ALL_PROXY", url));
    outcome.is_error("timeout", 1);
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

// Plain http

#[test]
fn k07_plain_http_goes_through_no_proxy_on_another_computer() {
    let target = Fake::holding(&token(r#""name":"target""#));
    for host in [
        "192.0.2.1:3128",
        "proxy.invalid:3128",
        "proxy.invalid",
        "localhost.proxy.invalid:3128",
        "127.0.0.1.proxy.invalid:3128",
        "10.0.0.1:3128",
        "0.0.0.0:1",
        "[2001:db8::1]:3128",
        "[::ffff:192.0.2.1]:3128",
        "ada:hunter2@192.0.2.1:3128",
        "127.0.0.1@192.0.2.1:3128",
    ] {
        for scheme in [
            "",
            "http://",
            "https://",
            "socks5://",
            "socks5h://",
            "socks://",
        ] {
            let url = format!("{scheme}{host}");
            for name in ["HTTP_PROXY", "all_proxy"] {
                assert_eq!(
                    named(&target, &[(name, &url)]),
                    "\"target\"",
                    "{name}={url}"
                );
            }
        }
    }
    assert!(target.heads().iter().all(|head| head.starts_with("GET /")));
}

#[test]
fn k07_a_proxy_on_this_computer_is_still_gone_through() {
    let target = Fake::holding(&token(r#""name":"target""#));
    let proxy = Fake::holding(&token(r#""name":"through""#));
    let port = proxy.address.port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "127.1"] {
        let url = format!("http://{host}:{port}");
        assert_eq!(
            named(&target, &[("http_proxy", &url)]),
            "\"through\"",
            "{url}"
        );
    }
    let socks = SocksServer::start(Socks::Open, proxy.address);
    for host in ["127.0.0.1", "localhost", "LocalHost"] {
        let url = format!("socks5h://{host}:{}", socks.address.port());
        assert_eq!(
            named(&target, &[("all_proxy", &url)]),
            "\"through\"",
            "{url}"
        );
    }
    // One that is meant and cannot be used stays an error.
    get(&target, &[("http_proxy", "http://[::1")]).is_error("proxy", 1);
}

#[test]
fn k07_https_goes_through_a_proxy_wherever_it_is() {
    let target = Fake::holding("");
    let mut command = target.command(&["get", ID, "-o", "json", "--timeout", "20"]);
    let words = run(command
        .env("CLOUDFLARE_BASE_URL", format!("https://{}", target.address))
        .env("HTTPS_PROXY", "http://proxy.tokenscope.invalid:3128"))
    .is_error("proxy", 1);
    assert!(words.contains("proxy.tokenscope.invalid:3128"), "{words}");
    assert!(target.heads().is_empty());
}

// 407

/// A proxy that answers everything with 407 and these offers.
fn wanting(offers: &'static [&'static str]) -> Fake {
    Fake::start(move |_, _| {
        let headers: Vec<_> = offers
            .iter()
            .map(|offer| ("Proxy-Authenticate", *offer))
            .collect();
        Reply::Bytes(http(407, &headers, "no"))
    })
}

#[test]
fn h02_each_case_of_407_says_what_to_do() {
    let target = Fake::holding("");
    let none = "was given none";
    let refused = "did not accept those in";
    let basic = "speaks only Basic";
    let cases: [(&'static [&'static str], &str, &[&str]); 16] = [
        (&[], "", &[none, "USER:PASSWORD"]),
        (&["Basic realm=\"x\""], "", &[none, "USER:PASSWORD"]),
        (&[], "ada:hunter2@", &[refused]),
        (&["Basic realm=\"x\""], "ada:hunter2@", &[refused]),
        (&["basic"], "hunter2@", &[refused]),
        (
            &["Negotiate", "NTLM", "BASIC realm=x"],
            "ada:hunter2@",
            &[refused],
        ),
        (
            &["Negotiate, NTLM, Basic realm=\"a, b\""],
            "ada:hunter2@",
            &[refused],
        ),
        (
            &["Digest realm=\"Basic, x\", nonce=\"n\", Basic realm = \"y\""],
            ":hunter2@",
            &[refused],
        ),
        (
            &["Negotiate", "NTLM"],
            "ada:hunter2@",
            &["Negotiate, NTLM", basic],
        ),
        (&["Negotiate", "NTLM"], "", &["Negotiate, NTLM", basic]),
        (
            &["Negotiate, NTLM"],
            "ada:hunter2@",
            &["Negotiate, NTLM", basic],
        ),
        (
            &["NTLM TlRMTVNTUAACAAAA=="],
            "ada:hunter2@",
            &["only NTLM", basic],
        ),
        (
            &["Digest realm=\"Basic\", qop=\"auth,auth-int\", nonce=\"a\\\", Basic \""],
            "",
            &["only Digest", basic],
        ),
        (
            &["Bearer realm=\"x\", scope=\"y\""],
            "ada:hunter2@",
            &["only Bearer", basic],
        ),
        (&["Kerberos"], "", &["only Kerberos", basic]),
        (
            &[", =, ,\"", "canary0123456789canary0123456789"],
            "",
            &[none],
        ),
    ];
    for (offers, user, said) in cases {
        let proxy = wanting(offers);
        let url = format!("http://{user}{}", proxy.address);
        for (variable, base) in [
            ("HTTPS_PROXY", format!("https://{}", target.address)),
            ("all_proxy", format!("https://{}", target.address)),
            ("HTTP_PROXY", target.url()),
        ] {
            let mut command = target.command(&["get", ID, "-o", "json", "--timeout", "20"]);
            let outcome = run(command.env("CLOUDFLARE_BASE_URL", base).env(variable, &url));
            let words = outcome.is_error("proxy", 1);
            for said in said {
                assert!(words.contains(said), "{offers:?} {user}: {words}");
            }
            assert!(words.contains(variable), "{words}");
            assert!(words.contains(&proxy.address.to_string()), "{words}");
            assert!(!outcome.stdout.contains("hunter2"), "{}", outcome.stdout);
            assert_eq!(outcome.json()["error"]["http_status"], 407);
        }
        // A refused login is never tried again: accounts are locked for less.
        let logins = |method: &str| {
            let is_one = |head: &&String| {
                head.starts_with(method) && head.to_lowercase().contains("proxy-authorization")
            };
            proxy.heads().iter().filter(is_one).count()
        };
        assert_eq!(logins("CONNECT "), if user.is_empty() { 0 } else { 2 });
        for head in proxy.heads() {
            let is_plain = head.starts_with("GET http://127.0.0.1");
            assert!(is_plain || !head.contains(CANARY), "{head}");
        }
    }
    assert!(target.heads().is_empty());
}

#[test]
fn h02_a_407_without_any_proxy_names_none() {
    let outcome = Fake::saying(407, "no").get();
    let words = outcome.is_error("proxy", 1);
    assert!(words.contains("user name and password"), "{words}");
}

// Connections that went silent

/// A server that names each connection by its number, and stays silent on those up to a bound.
async fn forgetting() -> (Raw, Arc<AtomicUsize>) {
    let silent = Arc::new(AtomicUsize::new(0));
    let bound = Arc::clone(&silent);
    let server = raw(move |number, mut stream| {
        let bound = Arc::clone(&bound);
        async move {
            while read_head(&mut stream).await.is_some() {
                if number > bound.load(Ordering::SeqCst) {
                    let token = format!(r#"{{"id":"{ID}","name":"{number}"}}"#);
                    let body = answer(&api::success(&token));
                    stream.write_all(body.as_bytes()).await.unwrap();
                }
            }
        }
    })
    .await;
    (server, silent)
}

/// Fetches until a connection is used a second time, and gives back its number. One is not free
/// again in the same moment in which its answer ends.
async fn reused(client: &Client) -> usize {
    let mut last = 0;
    for _ in 0..50 {
        let number = number_of(client).await;
        if number == last {
            return number;
        }
        last = number;
    }
    unreachable!("no connection is used again")
}

async fn number_of(client: &Client) -> usize {
    name_of(client).await.parse().unwrap()
}

async fn name_of(client: &Client) -> String {
    let fetched = client
        .get_token(&api_token(), &account(), &id(), patience(20))
        .await;
    fetched.unwrap().value.name_text().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_a_used_connection_that_went_silent_is_given_up_for_a_new_one() {
    let (server, silent) = forgetting().await;
    let client = api::client(&server.url);
    let old = reused(&client).await;
    silent.store(old, Ordering::SeqCst);
    // It is given up once it is taken.
    for _ in 0..5 {
        let begun = Instant::now();
        let new = number_of(&client).await;
        let took = begun.elapsed();
        assert!(new > old && took < Duration::from_secs(9), "{new} {took:?}");
        if took > Duration::from_secs(2) {
            assert!(reused(&client).await > old);
            return;
        }
    }
    unreachable!("the silent connection was never taken")
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_all_idle_connections_are_given_up_at_once() {
    // Six requests at a time open six connections, since none is answered before all have come.
    // All of these go silent then.
    let all_came = Arc::new(tokio::sync::Barrier::new(6));
    let server = raw(move |number, mut stream| {
        let all_came = Arc::clone(&all_came);
        async move {
            let mut count = 0;
            while read_head(&mut stream).await.is_some() {
                count += 1;
                if number <= 6 && count == 1 {
                    all_came.wait().await;
                }
                if number > 6 || count == 1 {
                    let token = format!(r#"{{"id":"{ID}","name":"{number}"}}"#);
                    let body = answer(&api::success(&token));
                    stream.write_all(body.as_bytes()).await.unwrap();
                }
            }
        }
    })
    .await;
    let client = api::client(&server.url);
    let all = || futures_util::future::join_all((0..6).map(|_| name_of(&client)));
    all().await;
    let begun = Instant::now();
    all().await;
    all().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_a_new_connection_has_all_the_time_there_is() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let server = raw(move |_, mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            read_head(&mut stream).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            let body = answer(&api::success(&format!(r#"{{"id":"{ID}","name":"slow"}}"#)));
            let _gone = stream.write_all(body.as_bytes()).await;
        }
    })
    .await;
    assert_eq!(name_of(&api::client(&server.url)).await, "slow");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_an_idle_connection_is_trusted_no_longer_than_its_limit() {
    let (server, _) = forgetting().await;
    let client = api::client(&server.url);
    let last = reused(&client).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(number_of(&client).await <= last, "it is still trusted");
    let options = Options {
        idle_limit: Duration::from_millis(100),
        ..options(&server.url)
    };
    let client = Client::new(&options).unwrap();
    for _ in 0..3 {
        let last = number_of(&client).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(number_of(&client).await > last);
    }
}

/// What the clock of the next two tests is off by.
static JUMP: [AtomicI64; 2] = [AtomicI64::new(0), AtomicI64::new(0)];

fn jumping<const N: usize>() -> DateTime<Utc> {
    static SINCE: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let passed = SINCE.get_or_init(Instant::now).elapsed();
    let passed = TimeDelta::from_std(passed).unwrap();
    noon() + passed + TimeDelta::seconds(JUMP[N].load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_no_connection_is_trusted_across_a_jump_of_the_clock() {
    let (server, _) = forgetting().await;
    let options = Options {
        clock: jumping::<0>,
        ..options(&server.url)
    };
    let client = Client::new(&options).unwrap();
    for jump in [3600, 3606, -9, 60] {
        let last = reused(&client).await;
        JUMP[0].store(jump, Ordering::SeqCst);
        assert!(number_of(&client).await > last, "{jump}");
    }
    // The clock is set by a little all the time.
    let mut last = 0;
    for attempt in 0..50 {
        JUMP[0].store(60 + attempt % 2 * 2, Ordering::SeqCst);
        let number = number_of(&client).await;
        if number == last {
            return;
        }
        last = number;
    }
    unreachable!("no connection is used again");
}

#[test]
fn h03_the_screens_reload_over_a_new_connection_by_themselves() {
    let fake = Fake::start(|_, number| {
        let name = format!(r#""name":"answer number {number}""#);
        match number {
            2 => Reply::ThenSilence(Vec::new()),
            _ => Reply::Bytes(http(200, &[], success(&token(&name)))),
        }
    });
    let mut session = fake.screens(&[ID]);
    session.wait_for("answer number 1");
    session.type_keys("r");
    session.wait_for("answer number 3");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
}

// No way there

#[tokio::test(flavor = "multi_thread")]
async fn h04_the_first_reload_after_a_jump_is_tried_until_the_network_is_back() {
    let (server, _) = forgetting().await;
    let port = server.address.port();
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap();
    // Answers once, and is gone then.
    let once = std::thread::spawn(move || {
        let (stream, _) = relay.accept().unwrap();
        drop(relay);
        lead(&stream, port);
    });
    let options = Options {
        clock: jumping::<1>,
        ..options(&format!("http://{address}"))
    };
    let client = Client::new(&options).unwrap();
    name_of(&client).await;
    once.join().unwrap();
    let fail = async |client: &Client| {
        let begun = Instant::now();
        let fetched = client
            .get_token(&api_token(), &account(), &id(), patience(20))
            .await;
        assert!(fetched.is_err());
        begun.elapsed()
    };
    let took = fail(&client).await;
    assert!(
        took < Duration::from_millis(2500),
        "without a jump: {took:?}"
    );
    JUMP[1].store(3600, Ordering::SeqCst);
    let back = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        let (stream, _) = TcpListener::bind(address).unwrap().accept().unwrap();
        lead(&stream, port);
    });
    name_of(&client).await;
    drop(client);
    back.join().unwrap();
}

/// Copies both ways until the answer has ended.
fn lead(mut stream: &TcpStream, port: u16) {
    let upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut from, mut to) = (stream.try_clone().unwrap(), upstream.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut bytes = [0; 4096];
    let count = (&upstream).read(&mut bytes).unwrap();
    stream.write_all(&bytes[..count]).unwrap();
    upstream.shutdown(std::net::Shutdown::Both).unwrap();
    stream.shutdown(std::net::Shutdown::Both).unwrap();
}

/// Runs the program in a network of its own, which this sets up; nothing where that may not be.
#[cfg(target_os = "linux")]
fn in_own_network(set_up: &str, variables: &[(&str, &str)]) -> Option<Outcome> {
    let may = Command::new("unshare").args(["-rn", "ip", "link"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let fake = Fake::holding("");
    let mut command = Command::new("unshare");
    command
        .args(["-rn", "sh", "-c", &format!("{set_up}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_tokenscope"))
        .args(["get", ID, "-o", "json", "--timeout", "20"]);
    let own = fake.command(&[]);
    for (name, value) in own.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.envs(variables.iter().copied());
    Some(run(&mut command))
}

#[cfg(target_os = "linux")]
#[test]
fn h04_what_keeps_a_connection_from_being_begun_has_its_own_sentence() {
    let up = "ip link set lo up";
    let prohibited = "ip link set lo up; ip route add prohibit 192.0.2.1";
    let unreachable = "ip link set lo up; ip route add unreachable 192.0.2.1";
    let offline = "this computer seems to be offline";
    for (set_up, base, said) in [
        ("true", "https://192.0.2.1", offline),
        ("true", "http://127.0.0.1:9", offline),
        ("true", "https://[2001:db8::1]", offline),
        (up, "https://192.0.2.1", offline),
        (up, "https://[2001:db8::1]", offline),
        (up, "https://127.0.0.1:9", "refused the connection"),
        (
            prohibited,
            "https://192.0.2.1",
            "does not allow a connection to",
        ),
        (unreachable, "https://192.0.2.1", offline),
        (
            "true",
            "https://api.tokenscope.invalid",
            "could not be resolved",
        ),
    ] {
        let variables = [("CLOUDFLARE_BASE_URL", base)];
        let Some(outcome) = in_own_network(set_up, &variables) else {
            return;
        };
        let words = outcome.is_error("network", 1);
        let host = base.split_once("//").unwrap().1;
        assert!(
            words.contains(said) && words.contains(host),
            "{set_up}: {words}"
        );
        if said == offline {
            assert!(
                words.starts_with(&format!("No route to {host}: {offline}.")),
                "{words}"
            );
        }
        let proxied = [
            ("CLOUDFLARE_BASE_URL", "https://192.0.2.9"),
            ("ALL_PROXY", base),
        ];
        let words = in_own_network(set_up, &proxied)
            .unwrap()
            .is_error("proxy", 1);
        assert!(
            words.contains(host) && words.contains("not be reached"),
            "{words}"
        );
    }
}

// Certificates

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn armoured(label: &str, der: &[u8]) -> String {
    let text = base64(der, LETTERS);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn write(directory: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("bundle");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A server, the certificate of its authority as DER, and another authority's.
async fn authorities() -> (Raw, Vec<u8>, Vec<u8>) {
    let authority = || {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let der = parameters.self_signed(&key).unwrap().der().to_vec();
        (Issuer::new(parameters, key), der)
    };
    let ((issuer, own), (_, other)) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &issuer).unwrap();
    (tls(&certificate, &key).await, own, other)
}

fn utf16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = format!("\u{FEFF}{text}");
    text.encode_utf16().flat_map(of).collect()
}

/// Runs `get` with a file of certificates, named in both ways.
fn both_ways(server: &str, path: &Path) -> [(&'static str, Outcome); 2] {
    let fake = Fake::holding("");
    let base = server.replace("http:", "https:");
    let arguments = ["get", "a name", "-o", "json", "--timeout", "20"];
    let mut by_flag = fake.command(&arguments);
    by_flag.arg("--ca-file").arg(path);
    let mut by_variable = fake.command(&arguments);
    by_variable.env("SSL_CERT_FILE", path);
    [("--ca-file", by_flag), ("SSL_CERT_FILE", by_variable)].map(|(way, mut command)| {
        command.env("CLOUDFLARE_BASE_URL", &base);
        (way, run(&mut command))
    })
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_certificates_are_read_in_every_form_that_curl_reads() {
    let (server, own, other) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let another = armoured("CERTIFICATE", &other);
    let key = armoured("PRIVATE KEY", b"\x30\x03\x02\x01\x00");
    let trusted = [
        own.as_slice(),
        b"\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01",
    ]
    .concat();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("plain", pem.clone().into()),
        ("BOM", format!("\u{FEFF}{pem}").into()),
        (
            "BOMs of two files",
            format!("\u{FEFF}{another}\u{FEFF}{pem}").into(),
        ),
        ("UTF-16LE", utf16(&pem, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&pem, u16::to_be_bytes)),
        ("CRLF", pem.replace('\n', "\r\n").into()),
        ("CR", pem.replace('\n', "\r").into()),
        ("no last newline", pem.trim_end().into()),
        ("indented", pem.replace('\n', "\n    ").into()),
        ("blank lines", pem.replace('\n', "\n\n").into()),
        (
            "text around",
            format!("subject=/CN=é\n{pem}# the end -----\n").into(),
        ),
        (
            "Latin-1 around",
            [b"# \xe9\xff\n".as_slice(), pem.as_bytes()].concat(),
        ),
        ("X509", armoured("X509 CERTIFICATE", &own).into()),
        ("TRUSTED", armoured("TRUSTED CERTIFICATE", &trusted).into()),
        (
            "TRUSTED, bare",
            armoured("TRUSTED CERTIFICATE", &own).into(),
        ),
        ("with a key", format!("{key}{pem}").into()),
        ("among others", format!("{another}{pem}{another}").into()),
        ("DER", own.clone()),
        ("DER and a newline", [own.as_slice(), b"\n"].concat()),
        ("twice", format!("{pem}{pem}").into()),
    ];
    for (form, bytes) in forms {
        let path = write(&directory, &bytes);
        for (way, outcome) in both_ways(&server.url, &path) {
            // The list was read: what is missing is the token.
            assert_eq!(outcome.code, Some(4), "{form} by {way}: {}", outcome.stdout);
            outcome.is_error("not_found", 4);
            assert!(
                !outcome.stderr.contains("warning"),
                "{form}: {}",
                outcome.stderr
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_damaged_certificates_take_none_of_the_others_away_and_are_named_once() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let no_base64 = "-----BEGIN CERTIFICATE-----\n?*\n-----END CERTIFICATE-----\n".to_owned();
    let no_der = armoured("CERTIFICATE", b"hello");
    let cut = armoured("CERTIFICATE", &own[..own.len() / 2]);
    let endless = pem.split("-----END").next().unwrap().to_owned();
    let bad_begin = pem.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE---");
    let other_end = pem.replace("-----END CERTIFICATE", "-----END");
    for damaged in [&no_base64, &no_der, &cut, &endless] {
        for text in [
            format!("{damaged}{pem}"),
            format!("{pem}{damaged}"),
            format!("{pem}{damaged}{pem}{damaged}"),
        ] {
            let path = write(&directory, text.as_bytes());
            for (way, outcome) in both_ways(&server.url, &path) {
                assert_eq!(outcome.code, Some(4), "{way}: {text}{}", outcome.stdout);
                let warnings: Vec<&str> = outcome
                    .stderr
                    .lines()
                    .filter(|line| line.starts_with("warning: "))
                    .collect();
                let count = text.matches("-----BEGIN").count();
                let [warning] = warnings.as_slice() else {
                    unreachable!("{warnings:?}")
                };
                for said in [
                    way,
                    path.to_str().unwrap(),
                    &format!("of its {count}"),
                    "line",
                ] {
                    assert!(warning.contains(said), "{warning}");
                }
            }
        }
    }
    // These are forgiven without a word.
    for text in [bad_begin, other_end] {
        let path = write(&directory, text.as_bytes());
        for (way, outcome) in both_ways(&server.url, &path) {
            assert_eq!(outcome.code, Some(4), "{way}: {text}{}", outcome.stdout);
        }
    }
    // Hundreds of them are not all named.
    let path = write(
        &directory,
        format!("{}{pem}", no_der.repeat(400)).as_bytes(),
    );
    for (_, outcome) in both_ways(&server.url, &path) {
        assert!(outcome.stderr.len() < 400, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("395 more"), "{}", outcome.stderr);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_a_file_without_certificates_says_what_it_is_and_how_to_convert_it() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let long = |start: &[u8]| [b"\x30\x82\x01\x00".as_slice(), start, &[0; 300]].concat();
    let files: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "empty"),
        (b"\xef\xbb\xbf".to_vec(), "no certificate"),
        (b"hello\n".to_vec(), "no certificate"),
        (b"0123456789\n".to_vec(), "no certificate"),
        (vec![0; 1000], "no certificate"),
        (long(b"\x02\x01\x03"), "openssl pkcs12"),
        (long(b"\x06\x09"), "openssl pkcs7 -inform DER"),
        (
            armoured("PKCS7", &long(b"\x06\x09")).into(),
            "openssl pkcs7 -in",
        ),
        (long(b"\x02\x01\x00"), "private key"),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "keytool"),
        (armoured("EC PRIVATE KEY", &own).into(), "private key"),
        (
            armoured("ENCRYPTED PRIVATE KEY", &own).into(),
            "private key",
        ),
        (armoured("CERTIFICATE REQUEST", &own).into(), "request"),
        (base64(pem.as_bytes(), LETTERS).into(), "base64 -d"),
        (long(b"\x30\x00"), "damaged"),
        (own[..own.len() - 1].to_vec(), "damaged"),
        (armoured("CERTIFICATE", b"\x30\x00").into(), "damaged"),
        (armoured("CERTIFICATE", b"").into(), "damaged"),
        (
            armoured("CERTIFICATE", b"\x30\x84\xff\xff\xff\xff").into(),
            "damaged",
        ),
        (
            armoured("CERTIFICATE", b"x").repeat(2).into(),
            "all 2 certificates",
        ),
        (b"-----BEGIN CERTIFICATE-----\nMIIB".to_vec(), "damaged"),
        (
            b"-----BEGIN \x1b[31m\xff\xfe-----\nMIIB".to_vec(),
            "no certificate",
        ),
    ];
    for (bytes, said) in files {
        let path = write(&directory, &bytes);
        for (way, outcome) in both_ways(&server.url, &path) {
            let (kind, code) = if way == "--ca-file" {
                ("usage", 64)
            } else {
                ("tls", 1)
            };
            let words = outcome.is_error(kind, code);
            assert!(
                words.contains(said) && words.contains(way),
                "{said}: {words}"
            );
            assert!(words.contains(path.to_str().unwrap()), "{words}");
            assert!(!words.contains("[45,") && !words.contains("31m"), "{words}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_a_pipe_is_read_once_and_within_the_deadline() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let file = write(&directory, armoured("CERTIFICATE", &own).as_bytes());
    let base = server.url.replace("http:", "https:");
    let fake = Fake::holding("");
    let piped = |variables: &[(&str, &str)], program: &str| {
        let mut command = Command::new("bash");
        let own = fake.command(&[]);
        for (name, value) in own.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
            .args(["-c", program])
            .arg(env!("CARGO_BIN_EXE_tokenscope"))
            .arg(&file)
            .env("PATH", "/usr/bin:/bin")
            .env("CLOUDFLARE_BASE_URL", &base)
            .envs(variables.iter().copied());
        run(&mut command)
    };
    for program in [
        r#""$0" get "a name" -o json --ca-file <(cat "$1")"#,
        r#"cat "$1" | "$0" get "a name" -o json --ca-file /dev/stdin"#,
        r#"SSL_CERT_FILE=<(cat "$1") "$0" get "a name" -o json"#,
        r#"SSL_CERT_FILE=<(head -c 100 "$1"; sleep 0.2; tail -c +101 "$1") "$0" get "a name" -o json"#,
    ] {
        piped(&[], program).is_error("not_found", 4);
    }
    // Several requests at once have one client.
    let outcome = piped(
        &[],
        r#""$0" check one two three -o json --ca-file <(cat "$1")"#,
    );
    assert!(
        !outcome.stdout.contains("certificate"),
        "{}",
        outcome.stdout
    );
    let pipe = directory.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let pipe = pipe.to_str().unwrap();
    for (arguments, variables) in [
        (&["--ca-file", pipe][..], [].as_slice()),
        (&[], &[("SSL_CERT_FILE", pipe)]),
    ] {
        let all = [&["get", ID, "-o", "json", "--timeout", "1"], arguments].concat();
        let mut command = fake.command(&all);
        command.env("CLOUDFLARE_BASE_URL", &base);
        let outcome = run(command.envs(variables.iter().copied()));
        let words = outcome.is_error("timeout", 1);
        assert!(
            words.contains("--ca-file") && words.contains("SSL_CERT_FILE"),
            "{words}"
        );
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
    let outcome = piped(&[], r#""$0" get x -o json --ca-file <(cat /dev/zero)"#);
    let words = outcome.is_error("usage", 64);
    assert!(words.contains("too large"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_the_screens_say_once_which_certificates_cannot_be_used() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let damaged = armoured("CERTIFICATE", b"hello");
    let text = format!("{damaged}{}", armoured("CERTIFICATE", &own));
    let path = write(&directory, text.as_bytes());
    let fake = Fake::holding("");
    drop(server);
    // The warning is there for as long as there is no answer.
    let quiet = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", quiet.local_addr().unwrap());
    let mut session = fake.screens_with(
        &[ID, "--ca-file", path.to_str().unwrap()],
        &[
            ("CLOUDFLARE_BASE_URL", &base),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", crate::support::api::ACCOUNT),
        ],
    );
    shows(
        &mut session,
        "1 of its 2 certificates cannot be used (line 1)",
    );
    session.type_keys("\x1b");
    session.type_keys("q");
    let mut ended = false;
    eventually("the end", || {
        ended = ended || session.ends_within(Duration::from_millis(10));
        ended
    });
}
