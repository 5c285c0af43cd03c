//! Usage errors name the mistake and suggest a correction; help is complete.

#![cfg(unix)]

use std::time::Duration;

use crate::support::api::{Fake, Outcome, run, tokenscope};
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::tokens::{ACCOUNT, CANARY, ID};
use crate::terminal::styles::{EXPIRED, one_token};

#[test]
fn a30_exactly_one_scope_is_required_and_ids_cannot_escape_the_path() {
    let fake = Fake::with_result("[]");
    let get = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["get", ID, "-o", "json"];
        all.extend_from_slice(arguments);
        let mut command = tokenscope(&all);
        command
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .envs(variables.iter().copied());
        run(&mut command)
    };
    let both = get(&["--account", ACCOUNT, "--zone", ACCOUNT], &[]).is_error("usage", 64);
    assert_contains(&both, "--account");
    assert_contains(&both, "--zone");
    let variables = [
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ("CLOUDFLARE_ZONE_ID", ACCOUNT),
    ];
    let both = get(&[], &variables).is_error("usage", 64);
    assert!(both.contains("CLOUDFLARE_ACCOUNT_ID") && both.contains("CLOUDFLARE_ZONE_ID"));
    get(&[], &[]).is_error("usage", 64);
    for id in [
        "../../user",
        "023e105f4ecef8ad9ca31a8372d0c35/",
        "023e105f4ecef8ad9ca31a8372d0c35?",
        "%2e%2e%2f%2e%2e%2fuser000000000000",
        "０23e105f4ecef8ad9ca31a8372d0c35",
        "example.com",
        "",
        "023e105f-4ece-f8ad-9ca3-1a8372d0c353",
    ] {
        get(&["--account", id], &[]).is_error("usage", 64);
        get(&["--zone", id], &[]).is_error("usage", 64);
        if !id.is_empty() {
            get(&[], &[("CLOUDFLARE_ACCOUNT_ID", id)]).is_error("usage", 64);
            get(&[], &[("CLOUDFLARE_ZONE_ID", id)]).is_error("usage", 64);
        }
    }
    assert_eq!(fake.heads().len(), 0, "all errors precede any request");
    for text in [
        "abc/../../user",
        "..",
        "?page=9",
        "#",
        "a%2Fb",
        "x\r\nHost: evil",
    ] {
        run(&mut fake.command(&["get", text, "-o", "json"])).is_error("not_found", 4);
    }
    let path = format!("GET /accounts/{ACCOUNT}/access/service_tokens?");
    for head in fake.heads() {
        assert!(head.starts_with(&path), "{head}");
        assert_lacks(&head, "user HTTP");
        assert_lacks(&head, "evil");
    }
}

/// The result of an invalid command line.
fn refused(line: &str) -> Outcome {
    let words: Vec<&str> = line.split(' ').collect();
    run(tokenscope(&words)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1"))
}

#[test]
fn j06_a_mistake_is_named_with_a_suggestion() {
    for (line, code, parts) in [
        ("chekc", 64, &["'chekc'", "'check'"][..]),
        ("chekc soon", 64, &["'chekc'", "'check'"]),
        ("chekc --warn 3d", 64, &["'chekc'", "'check'"]),
        ("--demo lst -o json", 64, &["'lst'", "'list'"]),
        ("--account x probile list", 64, &["'probile'", "'profile'"]),
        ("auth stauts", 64, &["'stauts'", "'status'"]),
        ("profile lits", 64, &["'lits'", "'list'"]),
        ("list --statsu active", 64, &["'--statsu'", "'--status'"]),
        ("list --status expird", 64, &["'expird'", "expired"]),
        ("check --ignore disabeld", 3, &["'disabeld'", "disabled"]),
        ("list -o jsno", 64, &["'jsno'", "'json'"]),
        ("list --color alway", 64, &["'alway'", "'always'"]),
        ("list --theme drak", 64, &["drak", "dark"]),
        ("completions bsh", 64, &["'bsh'", "'bash'"]),
        ("delete alpha", 64, &["'delete'", "get NAME"]),
        ("rotate alpha --bogus", 64, &["'rotate'"]),
        ("alpha --bogus", 64, &["'--bogus'"]),
        ("list extra", 64, &["'extra'"]),
        ("get one two", 64, &["'two'"]),
        ("auth status extra", 64, &["'extra'"]),
        ("auth set extra", 64, &["'extra'"]),
        ("man extra", 64, &["'extra'"]),
        ("profile use one two", 64, &["'two'"]),
        ("something", 64, &["something", "tokenscope get NAME"]),
        ("list --timeout -5", 64, &["'-5'", "--timeout"]),
        ("list --timeout=-5", 64, &["'-5'", "--timeout"]),
        ("list --timeout 0", 64, &["'0'", "--timeout"]),
        ("list --within -5", 64, &["'-5'", "--within"]),
        ("list --within -5d", 64, &["'-5d'", "--within"]),
        ("check --warn -5d", 3, &["'-5d'", "--warn"]),
        ("check --critical -1", 3, &["'-1'", "--critical"]),
        ("list --profile -x", 64, &["--profile=-x"]),
        ("check --exclude -x", 3, &["--exclude=-x"]),
        ("check --wran 3d", 3, &["'--wran'", "'--warn'"]),
        ("-v", 64, &["'-v'"]),
        ("-o json list", 64, &["'-o'"]),
        ("--demo -x check", 3, &["'-x'"]),
        ("completions -o json", 64, &["'-o'"]),
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(code), "{line}: {}", outcome.stderr);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        for part in parts {
            assert!(said.contains(part), "{line}: no {part} in {said}");
        }
        assert!(!said.contains("'-- -"), "{line}: {said}");
    }
}

#[test]
fn j06_hides_only_words_that_look_secret() {
    let secret = "cfut_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd";
    for line in [
        format!("list {secret}"),
        format!("get one {secret}"),
        format!("nonsense {secret}"),
        format!("auth set {secret}"),
        format!("auth {secret}"),
        "auth set correct-horse".to_owned(),
    ] {
        let outcome = refused(&line);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        let word = line.rsplit(' ').next().unwrap();
        assert!(!said.contains(word), "{line}: {said}");
    }
}

#[test]
fn j06_an_invalid_line_has_the_exit_code_and_format_of_its_command() {
    for (line, code, is_json) in [
        ("check --nonsense", 3, false),
        ("check --nonsense -o json", 3, true),
        ("check -o json --nonsense", 3, true),
        ("--demo check --nonsense", 3, false),
        ("--account 1 check --warn", 3, false),
        ("check --warn -o json", 3, true),
        ("check -o nonsense", 3, false),
        ("list --nonsense", 64, false),
        ("list --nonsense -ojson", 64, true),
        ("list --nonsense -o=json", 64, true),
        ("list --nonsense --output=json", 64, true),
        ("list --nonsense --output json", 64, true),
        ("list -o table --nonsense -o json", 64, true),
        ("list -o json --nonsense -o table", 64, false),
        ("get -- one -o json", 64, true),
        ("get one -- -ojson", 64, true),
        ("auth set -o json", 64, true),
        ("--nonsense list -o json", 64, true),
        ("--nonsense", 64, false),
        ("auth", 64, false),
        ("completions", 64, false),
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(code), "{line}: {}", outcome.stderr);
        let document = serde_json::from_str::<serde_json::Value>(&outcome.stdout);
        assert_eq!(document.is_ok(), is_json, "{line}: {}", outcome.stdout);
        if let Ok(document) = document {
            assert_eq!(document["error"]["kind"], "usage", "{line}");
        }
    }
}

#[test]
fn j06_the_last_flag_wins() {
    let other = "0".repeat(32);
    let fake = one_token(EXPIRED, Duration::ZERO);
    let asked = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = run(&mut fake.command(&words));
        let head = fake.heads().last().cloned().unwrap_or_default();
        (outcome, head)
    };
    for line in [
        format!("--account {other} list --account {ACCOUNT}"),
        format!("--account {other} --account {ACCOUNT} list"),
        format!("list --account {other} --account {ACCOUNT}"),
        format!("list --account={other} --account={ACCOUNT} -o json -o table"),
        format!("list --account {ACCOUNT} -o csv -o json -o table"),
    ] {
        let (outcome, head) = asked(&line);
        assert_eq!(outcome.code, Some(0), "{line}: {}", outcome.stderr);
        assert!(head.contains(ACCOUNT), "{line}: {head}");
        assert!(outcome.stdout.starts_with("ci\t"), "{line}");
    }
    for line in [
        "list --color never --color always --color never",
        "list --timeout 1 --timeout 30",
        "list --ascii --ascii",
        "list --within 1d --within 30d",
        "list --within 1d --within 30d -o json -o table",
        "--timeout 5 list --timeout 20",
        "check --warn 1d --warn 30d --critical 1d --critical 2d",
        "check --all-profiles --warn 9d -o json -o table --warn 30d",
        "get f174e90a-fafe-4643-bbbc-4a0ed4fc8415 -o json -o table",
    ] {
        let (outcome, _) = asked(line);
        assert!(
            !outcome.stderr.contains("multiple times"),
            "{line}: {}",
            outcome.stderr
        );
        assert_ne!(outcome.code, Some(64), "{line}: {}", outcome.stderr);
    }
    // Options with several values keep them all.
    let (outcome, _) = asked("list --status active --status expired -o table");
    assert!(outcome.stdout.starts_with("ci\t"), "{}", outcome.stdout);
}

#[test]
fn j06_every_help_page_has_examples_exit_codes_and_environment() {
    for line in [
        "--help",
        "-h",
        "get --help",
        "list --help",
        "check --help",
        "auth --help",
        "auth set --help",
        "auth status --help",
        "auth clear --help",
        "profile --help",
        "profile list --help",
        "profile use --help",
        "profile remove --help",
        "completions --help",
        "man --help",
        "help check",
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(0), "{line}");
        for part in [
            "Examples:\n",
            "Exit codes:\n",
            "Environment:\n",
            "CLOUDFLARE_API_TOKEN",
        ] {
            assert!(outcome.stdout.contains(part), "{line}: no {part:?}");
        }
        let widest = outcome.stdout.lines().map(str::len).max().unwrap();
        assert!(widest <= 100, "{line}: {widest}");
        let examples = outcome.stdout.split_once("Examples:\n").unwrap().1;
        let examples = examples.split_once("\n\n").unwrap().0;
        for example in examples.lines() {
            assert!(example.starts_with("  "), "{line}: {example:?}");
            assert!(example.contains("tokenscope"), "{line}: {example:?}");
        }
    }
    let check = refused("check --help").stdout;
    for part in [
        "--warn is 30d",
        "--critical is 7d",
        "0  ok",
        "1  warning",
        "2  critical",
        "3  unknown",
    ] {
        assert!(check.contains(part), "{part}");
    }
}
