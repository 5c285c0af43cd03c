//! The error text of commands: every known fact, once.

use wiremock::ResponseTemplate;

use crate::support::assertions::assert_contains;
use crate::support::binary::{TOKENS, TestEnv, json, text, without_the_clock};
use crate::support::tokens::ACCOUNT;

const TEAPOT: &str = r#"{"success":false,"errors":[{"code":1234,"message":"Teapot\u009b2J says no",
"error_chain":[{"code":77,"message":"too\u202e hot"}]},{"code":5,"message":"and cold"}],"result":null}"#;

fn teapot() -> ResponseTemplate {
    ResponseTemplate::new(418)
        .insert_header("cf-ray", "8f00000000000000-AMS")
        .set_body_string(TEAPOT)
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_the_apis_answer_follows_the_hint() {
    let env = TestEnv::answering(teapot()).await;
    for arguments in [
        &["get", "soon"][..],
        &["list"],
        &["check"],
        &["check", "soon"],
        &["check", "soon", "-o", "prometheus"],
    ] {
        let output = env.run(arguments);
        let stderr = text(&output.stderr);
        let (_, details) = stderr.split_once("details:\n").unwrap();
        let expected = [
            "  cf-ray: 8f00000000000000-AMS",
            "  API error 1234: Teapot\u{fffd}2J says no",
            "    API error 77: too\u{fffd} hot",
            "  API error 5: and cold",
            "",
        ];
        assert_eq!(details, expected.join("\n"), "{arguments:?}");
        assert_eq!(stderr.matches("hint: ").count(), 1, "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_promises_no_details_without_any() {
    for body in [
        r#"{"success":false,"errors":[],"result":null}"#,
        r#"{"success":false,"errors":[{"code":1}],"result":null}"#,
    ] {
        let env = TestEnv::answering(ResponseTemplate::new(418).set_body_string(body)).await;
        let stderr = text(&env.run(&["list"]).stderr);
        assert!(stderr.contains("The API gave no reason"), "{stderr}");
        assert!(!stderr.contains("details show"), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_json_has_the_causes_and_no_control_characters() {
    let env = TestEnv::answering(teapot()).await;
    for arguments in [
        &["list", "-o", "json"][..],
        &["check", "soon", "-o", "json"],
    ] {
        let output = env.run(arguments);
        let (report, raw) = (json(&output), text(&output.stdout));
        let errors = &report["error"]["api_errors"];
        let codes: Vec<_> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["code"])
            .collect();
        assert_eq!(codes, [1234, 77, 5], "{raw}");
        assert_eq!(errors[0]["message"], "Teapot\u{9b}2J says no");
        assert_contains(&raw, r"Teapot\u009b2J");
        assert_contains(&raw, r"too\u202e hot");
        assert!(raw.is_ascii(), "{raw}");
        assert_eq!(text(&output.stderr), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_escapes_control_characters_but_keeps_the_bytes_of_tokens() {
    let tokens =
        "[{\"id\":\"a0000000-0000-4000-8000-000000000001\",\"name\":\"a\u{9b}\u{202e}é\"}]";
    let env = TestEnv::with(tokens).await;
    let output = env.run(&["check", "b\u{9b}\u{1F600}\u{E0001}", "-o", "json"]);
    let raw = text(&output.stdout);
    assert_contains(&raw, "\"requested\":\"b\\u009b\u{1F600}\\udb40\\udc01\"");
    assert_eq!(
        json(&output)["tokens"][0]["requested"],
        "b\u{9b}\u{1F600}\u{E0001}"
    );
    // `token` keeps its bytes.
    let raw = text(&env.run(&["list", "-o", "json"]).stdout);
    assert!(raw.contains(&tokens[1..tokens.len() - 1]), "{raw}");
}

#[tokio::test(flavor = "multi_thread")]
async fn named_and_unnamed_checks_give_the_same_advice() {
    let refusal = r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#;
    for status in [400, 403] {
        let answer = ResponseTemplate::new(status).set_body_string(refusal);
        let env = TestEnv::answering(answer).await;
        let plain = env.run(&["check"]);
        assert!(text(&plain.stderr).starts_with("hint: "), "{status}");
        for named in ["soon", "a0000000-0000-4000-8000-000000000001"] {
            let output = env.run(&["check", named]);
            assert_eq!(output.status.code(), Some(3));
            assert_eq!(text(&output.stdout), text(&plain.stdout));
            assert_eq!(text(&output.stderr), text(&plain.stderr));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_default_profile_is_named_with_the_existing_ones() {
    let env = TestEnv::with(TOKENS).await;
    let profile = |name| format!("[profiles.{name}]\naccount = \"{ACCOUNT}\"\n");
    env.write_config(&format!(
        "default_profile = \"nope\"\n{}{}",
        profile("home"),
        profile("work")
    ));
    for arguments in [
        &["list"][..],
        &["get", "soon"],
        &["check"],
        &["auth", "status"],
    ] {
        let output = env
            .bare(arguments)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .output()
            .unwrap();
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        for part in [
            "\"nope\", does not exist",
            "existing profiles: home, work",
            "profile use NAME",
        ] {
            assert!(said.contains(part), "{arguments:?}: {said}");
        }
        assert!(!said.contains("set one up"), "{said}");
    }
    // Not mentioned where nothing depends on it.
    let output = env.run(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(without_the_clock(&text(&output.stderr)), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_of_commands_only_advise_commands() {
    let env = TestEnv::with(TOKENS).await;
    let (account, url) = (ACCOUNT, env.server.uri());
    env.write_config(&format!(
        "[profiles.default]\naccount = \"{account}\"\nbase_url = \"{url}\"\n"
    ));
    let output = env.bare(&["list"]).output().unwrap();
    let stderr = text(&output.stderr);
    assert!(stderr.contains("Set CLOUDFLARE_API_TOKEN"), "{stderr}");
    assert!(!stderr.contains("session only"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_mistakes_are_described_exactly() {
    let twice = r#"[{"id":"a0000000-0000-4000-8000-000000000001","name":"one","client_id":"00000000000000000000000000000001.access"},
        {"id":"a0000000-0000-4000-8000-000000000002","name":"two","client_id":"00000000000000000000000000000001.access"}]"#;
    let env = TestEnv::with(twice).await;
    let account = format!("{}g", "0".repeat(31));
    let long = "x".repeat(5000);
    for (arguments, parts) in [
        (
            &["list", "--account", &account][..],
            &["'g' is not one"][..],
        ),
        (&["list", "--account", "abc"], &["this has 3 characters"]),
        (
            &["get", "00000000000000000000000000000001.access"],
            &["2 service tokens have this client ID"],
        ),
        (&["profile", "use", ""], &["Profile \"\" does not exist."]),
        (
            &["profile", "remove", ""],
            &["Profile \"\" does not exist."],
        ),
        (&["get", &long], &["is called \"xxx", "...\""]),
        (&["list", "--within", &long], &["xxx..."]),
        (&["list", "--theme", &long], &["xxx..."]),
        (&["list", "--profile", &long], &["xxx..."]),
    ] {
        let stderr = text(&env.run(arguments).stderr);
        for part in parts {
            assert!(stderr.contains(part), "{stderr}");
        }
        assert!(stderr.len() < 600, "{}: {stderr}", stderr.len());
    }
    for (config, parts) in [
        (
            "warn = \"7d\"\ncritical = \"30d\"\n",
            ["`critical` must not exceed `warn`", "30d is more than 7d"],
        ),
        (
            "warn = \"1%\"\ncritical = \"2%\"\n",
            ["`critical` must not exceed `warn`", "2% is more than 1%"],
        ),
    ] {
        env.write_config(config);
        let stderr = text(&env.run(&["list"]).stderr);
        for part in parts {
            assert!(stderr.contains(part), "{stderr}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_that_matches_no_token_is_reported() {
    let env = TestEnv::with(TOKENS).await;
    for (excluded, said) in [
        ("off", ""),
        ("fine, \"really\"", ""),
        ("'A0000000-0000-4000-8000-000000000003',", ""),
        ("00000000000000000000000000000003.access", ""),
        ("nosuch", "warning: --exclude \"nosuch\" matched no token\n"),
        (
            "two,off",
            "warning: --exclude \"two,off\" matched no token; pass --exclude once per name\n",
        ),
    ] {
        for form in ["table", "json", "prometheus"] {
            let output = env.run(&["check", "--exclude", excluded, "-o", form]);
            let heard = without_the_clock(&text(&output.stderr));
            assert_eq!(heard, said, "{excluded} {form}");
        }
        let count =
            json(&env.run(&["check", "--exclude", excluded, "-o", "json"]))["count"].clone();
        assert_eq!(count, if said.is_empty() { 7 } else { 8 }, "{excluded}");
    }
    // Tokens that could not be read cannot match.
    let env = TestEnv::answering(teapot()).await;
    let stderr = text(&env.run(&["check", "soon", "--exclude", "soon"]).stderr);
    assert!(!stderr.contains("--exclude"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_levels_are_case_insensitive() {
    let env = TestEnv::with(TOKENS).await;
    for level in ["TRACE", "Debug", "info"] {
        let output = env.run(&["list", "--log", level]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    assert!(env.home.path().join("tokenscope.log").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_id_in_any_spelling_is_fetched_directly() {
    let env = TestEnv::with(TOKENS).await;
    let id = "a0000000-0000-4000-8000-000000000003";
    for spelled in [
        format!("\"{id}\","),
        format!("urn:uuid:{id}"),
        format!("accounts/{ACCOUNT}/access/service_tokens/{id}"),
    ] {
        let output = env.run(&["get", &spelled, "-o", "json"]);
        assert_eq!(json(&output)["token"]["id"], id, "{spelled}");
    }
    let requests = env.server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3, "no list");
    for form in [
        "CF-Access-Client-Id: 00000000000000000000000000000003.access",
        "00000000000000000000000000000003",
        "A0000000000040008000000000000003",
    ] {
        let output = env.run(&["get", form]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    for (almost, hint) in [
        ("dateles", "Did you mean \"dateless\"? Check the spelling"),
        ("etrenal", "Did you mean \"eternal\"?"),
        ("a0000000-0000-4000-8000-00000000000", "too few or too many"),
        (
            "a0000000-0000-4000-8000-0000000000033",
            "too few or too many",
        ),
    ] {
        let output = env.run(&["get", almost]);
        assert_eq!(output.status.code(), Some(4), "{almost}");
        let stderr = text(&output.stderr);
        assert_contains(&stderr, hint);
        assert_contains(&stderr, "Check the spelling");
    }
    // A token with that text as its name is found.
    let named = r#"[{"id":"a0000000-0000-4000-8000-000000000001","name":"\"a0\","}]"#;
    let env = TestEnv::with(named).await;
    assert_eq!(env.run(&["get", "\"a0\","]).status.code(), Some(0));
}
