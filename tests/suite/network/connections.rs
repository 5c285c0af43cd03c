//! Connections that fail, go silent, or outlive a clock jump.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::api::{Client, Options};
use tokio::io::AsyncWriteExt;

use crate::api;
use crate::api::transport::{Raw, answer, raw, read_head};
use crate::api::{api_token, deadlines, id, options};
#[cfg(target_os = "linux")]
use crate::support::api::Outcome;
use crate::support::api::{Fake, Reply, dead_address, http, run, success, token};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::BINARY;
use crate::support::sessions::account;
use crate::support::tokens::{ACCOUNT, ID, now};

/// A server that names each connection by its number, and stays silent on those up to a bound.
async fn going_silent() -> (Raw, Arc<AtomicUsize>) {
    let silent = Arc::new(AtomicUsize::new(0));
    let bound = Arc::clone(&silent);
    let server = raw(move |number, mut stream| {
        let bound = Arc::clone(&bound);
        async move {
            while read_head(&mut stream).await.is_some() {
                if number > bound.load(Ordering::SeqCst) {
                    let token = format!(r#"{{"id":"{ID}","name":"{number}"}}"#);
                    let body = answer(&success(&token));
                    stream.write_all(body.as_bytes()).await.unwrap();
                }
            }
        }
    })
    .await;
    (server, silent)
}

/// Fetches until a connection is reused, and returns its number. A connection is not free at the
/// moment its answer ends.
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
        .reader(&api_token(), &account(), deadlines(20))
        .unwrap()
        .token(&id())
        .await;
    fetched.unwrap().value.name_text().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_a_silent_reused_connection_is_replaced() {
    let (server, silent) = going_silent().await;
    let client = api::client(&server.url);
    let old = reused(&client).await;
    silent.store(old, Ordering::SeqCst);
    // A silent connection is replaced when it is reused.
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
async fn h03_all_idle_connections_are_dropped_at_once() {
    // Six concurrent requests open six connections, since all must arrive before the first answer.
    // Then all of these go silent.
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
                    let body = answer(&success(&token));
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
async fn h03_a_new_connection_has_the_whole_timeout() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let server = raw(move |_, mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            read_head(&mut stream).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            let body = answer(&success(&format!(r#"{{"id":"{ID}","name":"slow"}}"#)));
            let _gone = stream.write_all(body.as_bytes()).await;
        }
    })
    .await;
    assert_eq!(name_of(&api::client(&server.url)).await, "slow");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_an_idle_connection_is_reused_only_within_its_limit() {
    let (server, _) = going_silent().await;
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

/// The clock offsets of the next two tests.
static JUMP: [AtomicI64; 2] = [AtomicI64::new(0), AtomicI64::new(0)];

fn jumping<const N: usize>() -> DateTime<Utc> {
    static SINCE: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let passed = SINCE.get_or_init(Instant::now).elapsed();
    let passed = TimeDelta::from_std(passed).unwrap();
    now() + passed + TimeDelta::seconds(JUMP[N].load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_no_connection_is_reused_across_a_clock_jump() {
    let (server, _) = going_silent().await;
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
    // Small corrections of the clock are normal.
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
fn h03_the_screens_reload_over_a_new_connection() {
    let fake = Fake::start(|_, number| {
        let name = format!(r#""name":"answer number {number}""#);
        match number {
            2 => Reply::ThenSilence(Vec::new()),
            _ => Reply::Bytes(http(200, &[], success(&token(&name)))),
        }
    });
    let mut session = fake.screens(&[ID]).showing("answer number 1");
    session.type_until("r", "answer number 3");
    session.quit();
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_the_first_reload_after_a_jump_retries_until_the_network_is_back() {
    let (server, _) = going_silent().await;
    let port = server.address.port();
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap();
    // Answers once, then closes.
    let once = std::thread::spawn(move || {
        let (stream, _) = relay.accept().unwrap();
        drop(relay);
        relay_both_ways(&stream, port);
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
            .reader(&api_token(), &account(), deadlines(20))
            .unwrap()
            .token(&id())
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
        relay_both_ways(&stream, port);
    });
    name_of(&client).await;
    drop(client);
    back.join().unwrap();
}

/// Copies both ways until the answer has ended.
fn relay_both_ways(mut stream: &TcpStream, port: u16) {
    let upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut from, mut to) = (stream.try_clone().unwrap(), upstream.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut bytes = [0; 4096];
    let count = (&upstream).read(&mut bytes).unwrap();
    stream.write_all(&bytes[..count]).unwrap();
    upstream.shutdown(std::net::Shutdown::Both).unwrap();
    stream.shutdown(std::net::Shutdown::Both).unwrap();
}

/// Runs the program in a network namespace set up by this script; `None` if that is not permitted.
#[cfg(target_os = "linux")]
fn in_own_network(set_up: &str, variables: &[(&str, &str)]) -> Option<Outcome> {
    let may = Command::new("unshare").args(["-rn", "ip", "link"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let fake = Fake::with_result("");
    let mut command = Command::new("unshare");
    command
        .args(["-rn", "sh", "-c", &format!("{set_up}; exec \"$0\" \"$@\"")])
        .arg(BINARY)
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
fn h04_each_reason_not_to_connect_has_its_own_sentence() {
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
            "does not allow connections to",
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
            assert_starts(&words, &format!("No route to {host}: {offline}."));
        }
        let proxied = [
            ("CLOUDFLARE_BASE_URL", "https://192.0.2.9"),
            ("ALL_PROXY", base),
        ];
        let words = in_own_network(set_up, &proxied)
            .unwrap()
            .is_error("proxy", 1);
        assert_contains(&words, host);
        assert_contains(&words, "not be reached");
    }
}

/// A listener that never accepts or answers the connections it queues.
pub(crate) fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn d06_nothing_waits_forever() {
    let quiet = silent();
    let port = quiet.local_addr().unwrap().port();
    let fake = Fake::with_result("");
    for (scheme, seconds) in [("http", "1"), ("https", "1")] {
        let outcome = run(fake
            .command(&["get", ID, "-o", "json", "--timeout", seconds])
            .env(
                "CLOUDFLARE_BASE_URL",
                format!("{scheme}://127.0.0.1:{port}"),
            ));
        outcome.is_error("timeout", 1);
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
    let whole = http(200, &[], success(&token("")));
    for cut in [0, 10, whole.len() - 2] {
        let (start, rest) = (whole[..cut].to_vec(), whole[cut..].to_vec());
        let hanging = start.clone();
        for fake in [
            Fake::start(move |_, _| Reply::ThenSilence(hanging.clone())),
            Fake::start(move |_, _| {
                let slow = b" ".repeat(2000);
                Reply::Drip([start.clone(), rest[..1].to_vec()].concat(), slow)
            }),
        ] {
            let outcome = run(&mut fake.command(&["get", ID, "-o", "json", "--timeout", "1"]));
            let kind = outcome.json()["error"]["kind"].clone();
            // Spaces in the middle of the first line are not HTTP.
            assert!(
                kind == "timeout" || kind == "invalid_response",
                "{}",
                outcome.stdout
            );
            assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
        }
    }
}

#[test]
fn d06_a_silent_proxy_costs_only_the_timeout() {
    let target = Fake::with_result("");
    let quiet = silent();
    let url = format!("http://{}", quiet.local_addr().unwrap());
    for scheme in ["http", "https"] {
        let outcome = run(target
            .command(&["get", ID, "-o", "json", "--timeout", "1"])
            .env(
                "CLOUDFLARE_BASE_URL",
                format!("{scheme}://{}", target.address),
            )
            .env("ALL_PROXY", &url));
        outcome.is_error("timeout", 1);
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
}

#[test]
fn d06_the_screens_count_seconds_and_esc_cancels_at_once() {
    let fake = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    let mut session = fake.screens(&[ID]).showing("2 s");
    session.type_until("\x1b", "Cancelled");
    session.type_until("r", "1 s");
    session.quit();
}

#[test]
fn refused_connections_and_unresolvable_names_are_distinguished() {
    let fake = Fake::with_result("");
    let at = |base: &str| {
        run(fake
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", base))
    };
    let dead = dead_address();
    let words = at(&format!("http://{dead}")).is_error("network", 1);
    assert_contains(&words, "refused");
    assert_contains(&words, &dead);
    let words = at("https://name.invalid").is_error("network", 1);
    assert_contains(&words, "name.invalid could not be resolved");
    for (base, reason) in [
        ("http://example.com", "plain http"),
        ("ftp://127.0.0.1", "neither"),
        ("https://me:canary0123456789@example.com", "password"),
        ("https://example.com/?q=1", "query"),
        ("example.com", "not a URL"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("http://localhost.example.com", "plain http"),
    ] {
        let words = at(base).is_error("usage", 64);
        assert!(words.contains(reason), "{base}: {words}");
    }
    assert_eq!(fake.heads().len(), 0);
}

#[test]
fn tries_the_next_address_if_the_first_does_not_answer() {
    // `localhost` may resolve to ::1 first, where nobody listens.
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    let base = format!("http://localhost:{}", fake.address.port());
    let outcome = run(fake
        .command(&["get", ID, "-o", "json"])
        .env("CLOUDFLARE_BASE_URL", base));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let path = format!("GET /accounts/{ACCOUNT}/");
    assert!(fake.heads()[0].starts_with(&path));
}
