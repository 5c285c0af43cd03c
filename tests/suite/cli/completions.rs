//! Shell completions: the candidates, and the installed shells that use them.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

use portable_pty::CommandBuilder;
use tokenscope::cli::commands::completions::candidates;

use crate::support::api::{Outcome, home, run, tokenscope};
use crate::support::binary::{BINARY, TestEnv, text};
use crate::support::terminal::{PROMPT, Session};
use crate::support::tokens::ACCOUNT;

fn offered(line: &str) -> Vec<String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let profiles = || vec!["home".to_owned(), "work".to_owned()];
    let found = candidates(&words, profiles).into_iter();
    found.map(|(word, _)| word).collect()
}

#[test]
fn offers_the_candidates_that_fit_each_position() {
    for (line, expected) in [
        ("ch", &["check"][..]),
        ("auth ", &["set", "status", "clear", "help"]),
        ("--demo auth s", &["set", "status"]),
        ("list --st", &["--status"]),
        ("list --status act", &["active"]),
        ("list --status expired,act", &["expired,active"]),
        ("list --status=expired,dis", &["--status=expired,disabled"]),
        ("list -o ", &["table", "json", "csv", "ics"]),
        ("check --to ", &[""]),
        ("check -o p", &["prometheus"]),
        ("us", &["uses"]),
        ("uses -o ", &["table", "json"]),
        ("uses --u", &["--unreferenced"]),
        ("uses --app ", &[]),
        ("get --profile ", &["home", "work"]),
        ("get --profile w", &["work"]),
        ("--profile=h", &["--profile=home"]),
        ("--profile = h", &["home"]),
        ("--profile =", &["home", "work"]),
        ("--profile work profile use h", &["home"]),
        ("profile remove ", &["home", "work"]),
        ("completions ", &["bash", "zsh", "fish", "powershell"]),
        ("--theme m", &["mono"]),
        ("--color ", &["auto", "always", "never"]),
        ("check --ca-file ", &[""]),
        ("check --ca-file=/e", &[""]),
        ("--account ", &[]),
        ("check --warn ", &[]),
        ("list --within=", &[]),
        ("auth set --email ", &[]),
        ("--timeout ", &[]),
        ("check ", &[]),
        ("list ", &[]),
        ("get some ", &[]),
        ("nonsense", &[]),
    ] {
        assert_eq!(offered(line), expected, "{line:?}");
    }
    let flags = offered("check --");
    for flag in [
        "--warn",
        "--critical",
        "--ignore",
        "--exclude",
        "--all-profiles",
        "--profile",
        "--timeout",
    ] {
        assert!(flags.iter().any(|offered| offered == flag), "{flag}");
    }
    assert!(offered("").iter().any(|word| word == "list"));
    assert!(!offered("").iter().any(|word| word.starts_with("__")));
}

/// Runs a shell with the binary's folder on its path, and two profiles in the configuration.
fn shell(env: &TestEnv, program: &str, arguments: &[&str]) -> Option<Output> {
    env.write_config(&format!(
        "[profiles.home]\naccount = \"{ACCOUNT}\"\n[profiles.work]\naccount = \"{ACCOUNT}\"\n"
    ));
    let folder = std::path::Path::new(BINARY).parent().unwrap();
    let mut command = Command::new(program);
    env.isolate(&mut command);
    command
        .env(
            "PATH",
            format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
        )
        .env("HOME", env.home.path())
        .env("TERM", "dumb")
        .args(arguments)
        .output()
        .ok()
}

#[tokio::test]
async fn bash_completes_profiles_commands_and_values() {
    let env = TestEnv::empty().await;
    let script = r#"
        source <(tokenscope completions bash)
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tokenscope tokenscope "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[*]}"; }
        try tokenscope list --profile ''
        try tokenscope --profile = w
        try tokenscope prof
        try tokenscope profile use h
        try tokenscope list --status expired,act
        try tokenscope --ca-file "$HOME/co"
        complete -p tokenscope
    "#;
    let output = shell(&env, "bash", &["--norc", "-c", script]).unwrap();
    let expected = format!(
        "home work\nwork\nprofile\nhome\nexpired,active\n{}/config.toml\ncomplete -F _tokenscope tokenscope\n",
        env.home.path().display()
    );
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

#[tokio::test]
async fn zsh_loads_the_script_and_completes_profiles() {
    let env = TestEnv::empty().await;
    let script = r#"
        autoload -Uz compinit && compinit -u -d $HOME/dump
        source <(tokenscope completions zsh)
        print -r -- $_comps[tokenscope]
        _describe() { print -rl -- "${(@P)2}"; }
        _files() { print files; }
        words=(tokenscope list --profile ''); CURRENT=4; _tokenscope
        words=(tokenscope profi); CURRENT=2; _tokenscope
        words=(tokenscope --ca-file ''); CURRENT=3; _tokenscope
    "#;
    let Some(output) = shell(&env, "zsh", &["-f", "-c", script]) else {
        return;
    };
    let expected =
        "_tokenscope\nhome:home\nwork:work\nprofile:List, choose or remove profiles\nfiles\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

#[tokio::test]
async fn fish_loads_the_script_and_completes_profiles() {
    let env = TestEnv::empty().await;
    let script = "tokenscope completions fish | source; complete -C 'tokenscope list --profile '; \
                  complete -C 'tokenscope profi'; complete -C 'tokenscope list --status expired,act'";
    let Some(output) = shell(&env, "fish", &["--no-config", "-c", script]) else {
        return;
    };
    let expected = "home\nwork\nprofile\tList, choose or remove profiles\nexpired,active\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

#[tokio::test]
async fn completion_prints_no_errors() {
    let env = TestEnv::empty().await;
    env.write_config("nonsense");
    for words in [&["--profile", ""][..], &[], &["--", "-", "=", "--=", "é"]] {
        let mut arguments = vec!["__complete"];
        arguments.extend(words);
        let output = env.bare(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert!(output.stderr.is_empty());
    }
}

/// Runs a shell with the binary on its path.
fn run_shell(program: &str, arguments: &[&str]) -> Option<Outcome> {
    Command::new(program).arg("--version").output().ok()?;
    let folder = Path::new(BINARY).parent().unwrap();
    let home = home();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("TOKENSCOPE_HOME", home.path())
        .env("HOME", home.path())
        .env(
            "PATH",
            format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
        )
        .current_dir(home.path())
        .args(arguments);
    Some(run(&mut command))
}

#[test]
fn j05_bash_completes_with_the_line_of_the_readme_in_every_mode() {
    let script = r#"
        eval "$(tokenscope completions bash)" || exit
        mkdir list there; touch 'a file' there/x
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tokenscope tokenscope "$last" x; printf '%s|' "${COMPREPLY[@]}"; echo; }
        last=ch; try tokenscope ch
        last=''; try tokenscope get ''
        last=''; try tokenscope list --within ''
        last=''; try tokenscope --account ''
        last=''; try tokenscope auth set --email ''
        last=''; try tokenscope --timeout ''
        last=''; try tokenscope --ca-file ''
        last=th; try tokenscope --ca-file th
        last=al; try tokenscope --color = al
        # As bash 3.2 splits it.
        last=al; try tokenscope --color=al
        last=th; try tokenscope --ca-file=th
    "#;
    for flags in [&["--norc"][..], &["--norc", "--posix"]] {
        let outcome = run_shell("bash", &[flags, &["-c", script]].concat()).unwrap();
        let expected =
            "check|\n|\n|\n|\n|\n|\na file|list|there|\nthere|\nalways|\nalways|\nthere|\n";
        let mut lines: Vec<String> = outcome.stdout.lines().map(str::to_owned).collect();
        let mut files: Vec<&str> = lines[6].split_terminator('|').collect();
        files.sort_unstable();
        lines[6] = files.join("|") + "|";
        assert_eq!(lines.join("\n") + "\n", expected, "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn j05_the_bash_script_needs_nothing_newer_than_3_2() {
    let script = run(&mut tokenscope(&["completions", "bash"])).stdout;
    for newer in [
        "mapfile",
        "readarray",
        "declare -A",
        "local -A",
        "local -n",
        "&>>",
        "|&",
        ";&",
        ",,}",
        "^^}",
        "-o nosort",
        "< <(",
        "<(",
        "@Q}",
        "[-1]",
    ] {
        assert!(!script.contains(newer), "{newer}");
    }
    // The only newer builtin may be missing.
    assert!(script.contains("compopt -o filenames 2>/dev/null"));
}

#[test]
fn j05_zsh_completes_without_compinit() {
    let script = r#"
        eval "$(tokenscope completions zsh)"
        print -r -- $_comps[tokenscope]
        _describe() { print -rl -- "${(@P)2}" }
        _files() { print files }
        compset() { }
        for line in 'check ' 'list --within ' '--account ' '--ca-file ' 'list --to '; do
            words=(tokenscope "${(@s: :)line}"); CURRENT=$#words; _tokenscope
        done
        words=(tokenscope prof); CURRENT=2; _tokenscope
    "#;
    for script in [script.to_owned(), format!("setopt nounset\n{script}")] {
        let Some(outcome) = run_shell("zsh", &["-f", "-c", &script]) else {
            return;
        };
        assert_eq!(
            outcome.stdout, "_tokenscope\nfiles\nfiles\nprofile:List, choose or remove profiles\n",
            "{}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr, "");
    }
}

/// Interactive shells: a key on a terminal, without any set-up before the line.
#[test]
fn j05_the_tab_key_completes_in_unconfigured_shells() {
    let folder = Path::new(BINARY).parent().unwrap().display();
    let path = format!("{folder}:/usr/local/bin:/usr/bin:/bin");
    for (program, flags) in [("bash", "--norc"), ("zsh", "-f")] {
        if Command::new(program).arg("--version").output().is_err() {
            continue;
        }
        let home = home();
        let mut command = CommandBuilder::new(program);
        command.args([flags, "-i"]);
        let variables = [
            ("PATH", path.as_str()),
            ("PS1", PROMPT),
            ("HOME", home.path().to_str().unwrap()),
        ];
        let mut session = Session::spawn(command, &variables);
        session.wait_for_prompt(1);
        session.type_keys(&format!("eval \"$(tokenscope completions {program})\"\r"));
        session.wait_for_prompt(2);
        session.type_keys("tokenscope prof\t");
        session.wait_for("tokenscope profile ");
        session.type_keys("us\t");
        session.wait_for("tokenscope profile use ");
        session.type_keys("\x15exit\r");
        session.end();
    }
}

#[test]
fn j05_zsh_completes_if_compinit_runs_later() {
    let script = r#"
        eval "$(tokenscope completions zsh)"
        autoload -Uz compinit && compinit -u -d $HOME/dump
        _comps=()
        for hook in $precmd_functions; do $hook; done
        print -r -- $_comps[tokenscope] $precmd_functions
    "#;
    let Some(outcome) = run_shell("zsh", &["-f", "-c", script]) else {
        return;
    };
    assert_eq!(outcome.stdout, "_tokenscope\n", "{}", outcome.stderr);
}

#[test]
fn j05_fish_offers_files_only_for_file_arguments() {
    let script = "tokenscope completions fish | source; touch afile; \
        for line in 'check ' 'list --within ' '--account ' '--timeout ' '--ca-file ' 'list --to ' 'prof'; \
        complete -C \"tokenscope $line\"; echo \"=\"; end";
    let Some(outcome) = run_shell("fish", &["--no-config", "-c", script]) else {
        return;
    };
    let offered: Vec<Vec<&str>> = outcome
        .stdout
        .split("=\n")
        .map(|part| part.lines().collect())
        .collect();
    for nothing in &offered[..4] {
        assert!(nothing.is_empty(), "{nothing:?}");
    }
    for files in &offered[4..6] {
        assert!(files.contains(&"afile"), "{files:?}");
    }
    assert_eq!(offered[6].len(), 1);
}
