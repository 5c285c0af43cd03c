//! Proxies: which one is used for which host, and how errors are reported.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::api::transport::private_tls;
use crate::support::api::{Fake, Outcome, Reply, dead_address, http, run, success, token};
use crate::support::assertions::assert_contains;
use crate::support::tokens::{CANARY, ID};

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

/// How a SOCKS server treats its clients.
#[derive(Clone, Copy, PartialEq)]
enum Socks {
    Open,
    /// Requires exactly this user name and password.
    Login(&'static str, &'static str),
    /// Accepts no login, as `ssh -D`.
    OnlyAnonymous,
    /// Replies to a request with this code.
    Refuses(u8),
}

struct SocksServer {
    address: SocketAddr,
    /// The requested hosts, in order.
    asked: Arc<Mutex<Vec<String>>>,
}

impl SocksServer {
    /// Connects every client to this address, whatever it requests.
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
        // An open server accepts any offered method.
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
fn h01_uses_socks_proxies_in_every_spelling() {
    let target = Fake::with_result(&token(r#""name":"target""#));
    let through = Fake::with_result(&token(r#""name":"through""#));
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
async fn h01_the_proxy_resolves_names_except_for_socks5() {
    let directory = tempfile::tempdir().unwrap();
    let (server, ca) = private_tls(&directory, "localhost").await;
    let other = tempfile::tempdir().unwrap();
    let (elsewhere, other_ca) = private_tls(&other, "api.tokenscope.invalid").await;
    let fake = Fake::with_result("");
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
    assert_contains(&words, name);
    assert_contains(&words, "resolved");
    assert!(proxy.asked().is_empty());
}

#[test]
fn h01_a_socks_login_comes_from_the_url_and_each_refusal_is_distinguished() {
    let target = Fake::with_result(&token(r#""name":"through""#));
    let login = Socks::Login("ada", "p@ss:word");
    for (behaviour, user, said) in [
        (login, "ada:p%40ss%3Aword@", ""),
        (Socks::Login("ada", ""), "ada@", ""),
        (Socks::Open, "ada:anything@", ""),
        (login, "", "requires a user name and password"),
        (login, "ada:hunter2@", "did not accept those in ALL_PROXY"),
        (login, "hunter2@", "did not accept those in ALL_PROXY"),
        (Socks::OnlyAnonymous, "ada:hunter2@", "accepts no user name"),
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
fn h01_a_failing_socks_proxy_is_named_and_never_bypassed() {
    let target = Fake::with_result(&token(""));
    let in_all = |url: &str| get(&target, &[("ALL_PROXY", url)]);
    for code in 1..=9 {
        let proxy = SocksServer::start(Socks::Refuses(code), target.address);
        let words = in_all(&format!("socks5h://{}", proxy.address)).is_error("proxy", 1);
        assert!(
            words.contains(&proxy.address.to_string()),
            "{code}: {words}"
        );
    }
    let address = dead_address();
    let words = in_all(&format!("socks5://{address}")).is_error("proxy", 1);
    assert_contains(&words, &address);
    assert_contains(&words, "SOCKS");
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
async fn h01_tunnel_failures_name_the_server_or_the_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let (https_proxy, _) = private_tls(&directory, "127.0.0.1").await;
    let fake = Fake::with_result("");
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
    assert_contains(&words, &format!("the proxy {}", https_proxy.address));
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ignored = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let outcome = through(&url);
    assert_contains(&outcome.is_error("proxy", 1), "did not respond with TLS");
    // The proxy works; the server behind it closes the connection.
    let outcome = through(&format!("socks5h://{}", socks.address));
    let kind = outcome.json()["error"]["kind"].clone();
    assert!(kind == "network" || kind == "tls", "{}", outcome.stdout);
    assert!(outcome.stdout.contains("127.0.0.1:9"), "{}", outcome.stdout);
}

#[test]
fn h01_a_silent_socks_proxy_costs_only_the_timeout() {
    let target = Fake::with_result("");
    let quiet = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("socks5h://{}", quiet.local_addr().unwrap());
    let mut command = target.command(&["get", ID, "-o", "json", "--timeout", "1"]);
    let outcome = run(command.env("ALL_PROXY", url));
    outcome.is_error("timeout", 1);
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[test]
fn k07_plain_http_uses_no_proxy_on_another_computer() {
    let target = Fake::with_result(&token(r#""name":"target""#));
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
fn k07_plain_http_uses_a_proxy_on_this_computer() {
    let target = Fake::with_result(&token(r#""name":"target""#));
    let proxy = Fake::with_result(&token(r#""name":"through""#));
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
    // An unusable one is still an error.
    get(&target, &[("http_proxy", "http://[::1")]).is_error("proxy", 1);
}

#[test]
fn k07_https_uses_proxies_on_any_computer() {
    let target = Fake::with_result("");
    let mut command = target.command(&["get", ID, "-o", "json", "--timeout", "20"]);
    let words = run(command
        .env("CLOUDFLARE_BASE_URL", format!("https://{}", target.address))
        .env("HTTPS_PROXY", "http://proxy.tokenscope.invalid:3128"))
    .is_error("proxy", 1);
    assert!(words.contains("proxy.tokenscope.invalid:3128"), "{words}");
    assert!(target.heads().is_empty());
}

/// A proxy that answers everything with 407 and these offers.
fn requiring_login(offers: &'static [&'static str]) -> Fake {
    Fake::start(move |_, _| {
        let headers: Vec<_> = offers
            .iter()
            .map(|offer| ("Proxy-Authenticate", *offer))
            .collect();
        Reply::Bytes(http(407, &headers, "no"))
    })
}

#[test]
fn h02_each_kind_of_407_says_what_to_do() {
    let target = Fake::with_result("");
    let none = "none is configured";
    let refused = "did not accept those in";
    let basic = "supports only Basic";
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
        let proxy = requiring_login(offers);
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
        // A rejected login is never retried, because accounts get locked.
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
fn h02_a_407_without_a_proxy_names_none() {
    let outcome = Fake::answering(407, "no").get();
    let words = outcome.is_error("proxy", 1);
    assert!(words.contains("user name and password"), "{words}");
}

fn proxied(fake: &Fake, variables: &[(&str, &str)]) -> Outcome {
    run(fake
        .command(&["get", ID, "-o", "json", "--timeout", "20"])
        .envs(variables.iter().copied()))
}

#[test]
fn d04_no_proxy_hosts_are_reached_directly() {
    let fake = Fake::with_result(&token(""));
    let dead = format!("http://{}", dead_address());
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        proxied(&fake, &[(name, &dead)]).is_error("proxy", 1);
        for no in ["NO_PROXY", "no_proxy"] {
            for list in [
                "127.0.0.1",
                "*",
                "example.com, 127.0.0.1",
                "127.0.0.0/8",
                " 127.0.0.1 ",
                "example.com 127.0.0.1",
                "127.0.0.1.",
                "example.com,\t*",
            ] {
                let outcome = proxied(&fake, &[(name, &dead), (no, list)]);
                assert_eq!(
                    outcome.code,
                    Some(0),
                    "{name} {no}={list}: {}",
                    outcome.stdout
                );
            }
        }
        proxied(&fake, &[(name, &dead), ("NO_PROXY", "example.com")]).is_error("proxy", 1);
        let outcome = proxied(&fake, &[(name, "")]);
        assert_eq!(outcome.code, Some(0), "an empty {name} is an unset one");
    }
}

#[test]
fn d04_variables_have_the_precedence_of_curl() {
    let fake = Fake::with_result(&token(""));
    let body = success(&token(r#""name":"through the proxy""#));
    let proxy = Fake::answering(200, &body);
    let (proxy, dead) = (proxy.url(), format!("http://{}", dead_address()));
    let name = |variables: &[(&str, &str)]| {
        let outcome = proxied(&fake, variables);
        outcome.json()["token"]["name"].clone()
    };
    for [first, second] in [
        ["http_proxy", "HTTP_PROXY"],
        ["http_proxy", "all_proxy"],
        ["HTTP_PROXY", "all_proxy"],
        ["all_proxy", "ALL_PROXY"],
    ] {
        let used = name(&[(first, &proxy), (second, &dead)]);
        assert_eq!(used, "through the proxy", "{first} before {second}");
        let used = name(&[(first, "  "), (second, &format!(" {proxy}\n"))]);
        assert_eq!(used, "through the proxy", "a blank {first} is unset");
    }
    let both = [("no_proxy", "127.0.0.1"), ("NO_PROXY", "example.com")];
    assert_eq!(
        name(&[&[("http_proxy", dead.as_str())], &both[..]].concat()),
        Value::Null
    );
    let both = [("no_proxy", "example.com"), ("NO_PROXY", "127.0.0.1")];
    let used = name(&[&[("http_proxy", proxy.as_str())], &both[..]].concat());
    assert_eq!(used, "through the proxy");
    // Under CGI, a request header sets HTTP_PROXY, and only that variable.
    let cgi = ("REQUEST_METHOD", "GET");
    assert_eq!(name(&[("HTTP_PROXY", &dead), cgi]), Value::Null);
    assert_eq!(name(&[("http_proxy", &proxy), cgi]), "through the proxy");
}

#[cfg(unix)]
#[test]
fn d05_a_proxy_variable_that_is_not_text_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let fake = Fake::with_result(&token(""));
    let bytes = std::ffi::OsStr::from_bytes(b"http://127.0.0.1:1\xff");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let words = run(command.env(name, bytes)).is_error("proxy", 1);
        assert!(words.contains(name), "{words}");
    }
    for name in [
        "CLOUDFLARE_BASE_URL",
        "CLOUDFLARE_API_BASE_URL",
        "TOKENSCOPE_LOG",
    ] {
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        command.env_remove("CLOUDFLARE_BASE_URL");
        let words = run(command.env(name, bytes)).is_error("usage", 64);
        assert!(words.contains(name) && words.contains("UTF-8"), "{words}");
    }
    assert!(fake.heads().is_empty());
}

#[test]
fn d05_a_refusing_proxy_is_named_without_its_password() {
    let target = Fake::with_result(&token(""));
    for status in [407, 403, 502] {
        let proxy = Fake::answering(status, "no");
        for secret in ["ada:hunter2", "ada:hun%40ter2", ":hunter2", "hunter2"] {
            let url = format!("http://{secret}@{}", proxy.address);
            let mut command = target.command(&["get", ID, "-o", "json"]);
            let outcome = run(command
                .env("CLOUDFLARE_BASE_URL", format!("https://{}", target.address))
                .env("HTTPS_PROXY", &url));
            let words = outcome.is_error("proxy", 1);
            assert!(words.contains(&proxy.address.to_string()), "{words}");
            assert!(!outcome.stdout.contains("hunter2") && !outcome.stdout.contains("ter2"));
        }
        assert!(
            proxy
                .heads()
                .iter()
                .all(|head| head.starts_with("CONNECT "))
        );
        for head in proxy.heads() {
            assert!(
                !head.contains(CANARY),
                "the proxy sees no credential: {head}"
            );
        }
    }
    let proxy = Fake::answering(407, "");
    let url = format!("http://ada:hunter2@{}", proxy.address);
    let words = proxied(&target, &[("HTTP_PROXY", &url)]).is_error("proxy", 1);
    assert!(words.contains(&proxy.address.to_string()), "{words}");
}

#[test]
fn d05_a_working_proxy_is_used_and_a_malformed_one_reported() {
    let target = Fake::with_result(&token(""));
    let body = success(&token(r#""name":"through the proxy""#));
    let proxy = Fake::answering(200, &body);
    let outcome = proxied(&target, &[("HTTP_PROXY", &proxy.url())]);
    assert_eq!(outcome.json()["token"]["name"], "through the proxy");
    let bare = proxy.address.to_string();
    let outcome = proxied(&target, &[("http_proxy", &bare)]);
    assert_eq!(outcome.json()["token"]["name"], "through the proxy");
    for malformed in [
        "::::",
        "http://",
        "http://[::1",
        "ftp://127.0.0.1:1",
        "http://a b:1",
        "x y",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:abc",
        "127.0.0.1:-1",
        "http://127.0.0.1:80000000000",
    ] {
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            let words = proxied(&target, &[(name, malformed)]).is_error("proxy", 1);
            assert!(words.contains(name), "{malformed}: {words}");
            let straight = proxied(&target, &[(name, malformed), ("NO_PROXY", "127.0.0.1")]);
            assert_eq!(straight.code, Some(0), "{}", straight.stdout);
        }
        let other = proxied(&target, &[("HTTPS_PROXY", malformed)]);
        assert_eq!(other.code, Some(0), "it is for https alone");
    }
    for socks in [
        "socks4://me:canary0123456789@127.0.0.1:9",
        "socks4a://127.0.0.1:9",
    ] {
        let words = proxied(&target, &[("ALL_PROXY", socks)]).is_error("proxy", 1);
        assert_contains(&words, "SOCKS");
        assert_contains(&words, "version 5");
    }
}
