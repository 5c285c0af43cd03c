//! `credential_command`: a program that prints the secret of a profile.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use tokenscope::credentials::{CommandRun, PrintedSecrets};
use tokenscope::domain::credential::Secret;
use tokenscope::domain::credential_command::{InvalidOutput, secret_in};
use tokenscope::domain::failure::{Failure, FailureKind};

use crate::cli::schema::assert_fits;
use crate::credentials::values::assert_sends;
use crate::support::api::{Fake, Outcome, home, refusal, run, run_with_input, shows};
use crate::support::assertions::{assert_below, assert_contains, assert_lacks};
use crate::support::binary::Binary;
use crate::support::services::{SilentBus, api};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// A home whose default profile has a command, with an API and a keyring that never answers.
struct CommandHome {
    fake: Fake,
    bus: SilentBus,
    home: TempDir,
}

impl CommandHome {
    fn new() -> Self {
        Self::before(api())
    }

    fn before(fake: Fake) -> Self {
        Self {
            fake,
            bus: SilentBus::start(),
            home: home(),
        }
    }

    /// The command is a shell script, which is run by its own path.
    fn with(script: &str) -> Self {
        let command_home = Self::new();
        command_home.write(&command_home.profile("default", &["/bin/sh", "-c", script]));
        command_home
    }

    /// The lines of a profile that is bound to the fake API.
    fn profile(&self, name: &str, words: &[&str]) -> String {
        let url = self.fake.url();
        format!(
            "[profiles.{name}]\naccount = \"{ACCOUNT}\"\nbase_url = \"{url}\"\n\
             credential_command = {words:?}\n"
        )
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    fn write(&self, text: &str) {
        fs::write(self.config(), text).unwrap();
        mode(&self.config(), 0o600);
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// A script that leaves a mark for each run, then continues.
    fn counting(&self, script: &str) -> String {
        format!("printf x >> '{}'; {script}", self.path("runs"))
    }

    fn runs(&self) -> usize {
        fs::read(self.home.path().join("runs")).map_or(0, |marks| marks.len())
    }

    fn binary(&self, arguments: &[&str]) -> Binary {
        let binary = self.fake.binary(arguments).home(self.home.path());
        binary.env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.binary(arguments).command()
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Outcome {
        let outcome = run(&mut self.command(arguments));
        assert_eq!(self.keyring_connections(), 0, "the keyring was asked");
        outcome.assert_hides_secret();
        outcome
    }

    fn keyring_connections(&self) -> usize {
        self.bus.connections.load(Ordering::SeqCst)
    }

    /// A pipe that stays open until every process with its writing end has ended.
    fn life(&self) -> ProcessPipe {
        let path = self.path("life");
        make_pipe(&path);
        let (sender, told) = channel();
        let from = path.clone();
        std::thread::spawn(move || {
            let mut pipe = fs::File::open(from).unwrap();
            let began = pipe.read(&mut [0]).unwrap();
            sender.send(began).unwrap();
            let rest = pipe.read_to_end(&mut Vec::new()).unwrap();
            let _gone = sender.send(rest);
        });
        ProcessPipe { path, told }
    }
}

struct ProcessPipe {
    path: String,
    told: Receiver<usize>,
}

impl ProcessPipe {
    /// A script that starts another process, waits for it, and ends only with it.
    fn endless(&self) -> String {
        format!("exec 3>'{}'; printf x >&3; sleep 1000 & wait", self.path)
    }

    #[track_caller]
    fn wait_for_start(&self) {
        assert_eq!(self.told.recv_timeout(TIMEOUT).unwrap(), 1);
    }

    #[track_caller]
    fn wait_for_end(&self) {
        assert_eq!(self.told.recv_timeout(TIMEOUT).unwrap(), 0);
    }
}

const TIMEOUT: Duration = Duration::from_secs(20);

fn make_pipe(path: &str) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_line_is_the_token_and_the_keyring_is_not_read() {
    for script in [
        format!("printf %s {CANARY}"),
        format!("echo {CANARY}"),
        format!("printf '%s\\r\\n\\n \\n' {CANARY}"),
        format!("echo \\\"{CANARY}\\\"; echo a warning >&2"),
        // Neither a terminal nor the standard input of tokenscope reaches the command.
        format!("cat; [ -t 0 ] || echo {CANARY}"),
    ] {
        let command_home = CommandHome::new();
        let script = command_home.counting(&script);
        command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
        for arguments in [&["get", ID, "-o", "json"][..], &["list"], &["check"]] {
            let mut command = command_home.command(arguments);
            let outcome = run_with_input(&mut command, b"another-token");
            assert_eq!(outcome.code, Some(0), "{script}: {}", outcome.stderr);
            outcome.assert_hides_secret();
            assert_lacks(&outcome.stderr, "a warning");
        }
        assert_sends(
            &command_home.fake,
            &format!("authorization: Bearer {CANARY}"),
        );
        assert_eq!(
            (command_home.runs(), command_home.keyring_connections()),
            (3, 0)
        );
    }
}

#[test]
fn a_command_can_print_a_global_key() {
    let command_home = CommandHome::new();
    let key = ["/bin/sh", "-c", &format!("echo {CANARY}")];
    let profile = command_home.profile("default", &key);
    let kind = "credential = \"global_key\"\nemail = \"me@example.com\"\n";
    command_home.write(&format!("{profile}{kind}"));
    assert_eq!(command_home.run(&["get", ID]).code, Some(0));
    assert_sends(&command_home.fake, &format!("x-auth-key: {CANARY}"));
    assert_sends(&command_home.fake, "x-auth-email: me@example.com");
}

/// A script, the kind of the error, and part of its text.
const FAULTS: &[(&str, &str, &str)] = &[
    (":", "no_credential", "printed nothing"),
    ("printf '\\n\\n'", "no_credential", "printed nothing"),
    (
        "printf '\\n%s\\n' $SECRET",
        "no_credential",
        "printed an empty line first",
    ),
    (
        "echo $SECRET; echo $SECRET",
        "no_credential",
        "printed more than one line",
    ),
    (
        "printf '\\377\\376'",
        "no_credential",
        "printed something that is not text",
    ),
    (
        "echo $SECRET and more",
        "no_credential",
        "printed no valid credential: it contains a space",
    ),
    (
        "while :; do echo $SECRET; done",
        "no_credential",
        "printed more than 64 KiB",
    ),
    (
        "echo $SECRET; exit 7",
        "no_credential",
        "failed with exit code 7.",
    ),
    (
        "echo one >&2; printf 'two\\033[31m\\n\\nnot signed in.\\n' >&2; exit 1",
        "no_credential",
        "failed with exit code 1: one / two\u{FFFD}[31m / not signed in.",
    ),
    ("kill -9 $$", "no_credential", "was ended by signal 9."),
    (
        "i=0; while [ $i -lt 9999 ]; do echo \"line $i\" >&2; i=$((i+1)); done; exit 1",
        "no_credential",
        "exit code 1: line 9996 / line 9997 / line 9998.",
    ),
];

#[test]
fn failures_are_explained_without_the_output() {
    for (script, kind, said) in FAULTS {
        let command_home = CommandHome::with(&script.replace("$SECRET", CANARY));
        let outcome = command_home.run(&["get", ID, "-o", "json", "--log", "trace"]);
        let summary = outcome.is_error(kind, 1);
        assert_contains(
            &summary,
            "The credential command of profile default, /bin/sh, ",
        );
        let report = outcome.json();
        let summary = report["error"]["summary"].as_str().unwrap();
        let shown = tokenscope::domain::text::sanitize(summary);
        assert_contains(&shown, said);
        assert!(command_home.fake.heads().is_empty(), "{script}");
        let log = fs::read_to_string(command_home.home.path().join("tokenscope.log")).unwrap();
        assert_lacks(&log, CANARY);
        let text = command_home.run(&["check", "--all-profiles"]);
        assert_eq!(text.code, Some(3), "{script}");
        assert_contains(&text.stdout, "UNKNOWN");
    }
}

#[test]
fn the_secret_is_redacted_in_the_error_output() {
    let command_home = CommandHome::with(&format!(
        "echo {CANARY}; echo \"read '{CANARY}' badly\" >&2; exit 1"
    ));
    for arguments in [&["get", ID][..], &["get", ID, "-o", "json"]] {
        let outcome = command_home.run(arguments);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_contains(&said, "exit code 1: read '[hidden]' badly.");
    }
}

#[test]
fn a_program_that_cannot_be_run_is_an_error_with_a_hint() {
    let command_home = CommandHome::new();
    let script = command_home.home.path().join("secret");
    fs::write(&script, "echo no first line\n").unwrap();
    let script = script.to_str().unwrap();
    let rights = |rights| mode(Path::new(script), rights);
    for (program, rights_of_script, said) in [
        (
            "no-such-program-anywhere",
            0o600,
            ["was not found", "full path"],
        ),
        ("/no/such/program", 0o600, ["was not found", "full path"]),
        ("~/secret", 0o600, ["config.toml", "its full path"]),
        (script, 0o600, ["may not be executed", "chmod +x"]),
        // A script without a shebang is run by `sh`, as from a shell.
        (
            script,
            0o700,
            ["printed no valid credential", "nothing else"],
        ),
    ] {
        rights(rights_of_script);
        command_home.write(&command_home.profile("default", &[program]));
        let outcome = command_home.run(&["get", ID, "-o", "json"]);
        let kind = if program.starts_with('~') {
            "config"
        } else {
            "no_credential"
        };
        let words = outcome.is_error(kind, 1);
        for part in said {
            assert_contains(&words, part);
        }
        // A script without a shebang looks like any other program.
        let is_found_out = rights_of_script == 0o600;
        let status = command_home.run(&["auth", "status"]);
        assert_eq!(status.code, Some(i32::from(is_found_out)), "{program}");
    }
    command_home.write(&command_home.profile("default", &["sh", "-c", "exit"]));
    assert_eq!(command_home.run(&["auth", "status"]).code, Some(0));
}

#[test]
fn the_deadline_kills_the_command_and_its_children() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &life.endless()]));
    let outcome = command_home.run(&["get", ID, "-o", "json", "--timeout", "1"]);
    let words = outcome.is_error("timeout", 1);
    assert_contains(&words, "did not end within 1 s");
    assert_below(outcome.took, Duration::from_secs(5));
    life.wait_for_start();
    life.wait_for_end();
}

#[test]
fn a_signal_kills_the_command() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &life.endless()]));
    let mut child = command_home
        .command(&["list"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    life.wait_for_start();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    life.wait_for_end();
}

/// Agents stay in the background, with the output of the process that started them.
#[test]
fn does_not_wait_for_background_children() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    let end = command_home.path("end");
    make_pipe(&end);
    let agent = format!("(exec 3>'{}'; printf x >&3; cat '{end}') &", life.path);
    let script = format!("{agent} echo {CANARY}");
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let outcome = command_home.run(&["get", ID]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    life.wait_for_start();
    assert!(life.told.try_recv().is_err(), "it was ended");
    fs::write(end, "now").unwrap();
    life.wait_for_end();
}

#[test]
fn a_configuration_that_others_may_write_runs_no_command() {
    let runs = |command_home: &CommandHome| {
        let outcome = command_home.run(&["get", ID, "-o", "json"]);
        let words = outcome.is_error("config", 1);
        assert_contains(&words, "is not run");
        assert_eq!(command_home.runs(), 0);
        let status = command_home.run(&["auth", "status"]);
        assert_eq!(status.code, Some(1));
        words
    };
    let command_home = CommandHome::new();
    let script = command_home.counting(&format!("echo {CANARY}"));
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    for rights in [0o620, 0o602, 0o666] {
        mode(&command_home.config(), rights);
        let advice = format!("chmod go-w {}", command_home.config().display());
        assert_contains(&runs(&command_home), &advice);
    }
    mode(&command_home.config(), 0o600);
    mode(command_home.home.path(), 0o770);
    let advice = format!("chmod go-w {}", command_home.home.path().display());
    assert_contains(&runs(&command_home), &advice);
    mode(command_home.home.path(), 0o700);
    // A link does not hide the permissions of its target.
    let elsewhere = home();
    let target = elsewhere.path().join("config.toml");
    fs::rename(command_home.config(), &target).unwrap();
    std::os::unix::fs::symlink(&target, command_home.config()).unwrap();
    mode(elsewhere.path(), 0o777);
    let advice = format!("chmod go-w {}", elsewhere.path().display());
    assert_contains(&runs(&command_home), &advice);
    mode(elsewhere.path(), 0o700);
    if geteuid().is_root() {
        std::os::unix::fs::chown(&target, Some(12_345), None).unwrap();
        assert_contains(&runs(&command_home), "belongs to another user (uid 12345)");
        std::os::unix::fs::chown(&target, Some(0), None).unwrap();
    }
    assert_eq!(command_home.run(&["get", ID]).code, Some(0));
    assert_eq!(command_home.runs(), 1);
}

#[test]
fn a_variable_wins_over_the_command_and_profile_over_both() {
    let command_home = CommandHome::new();
    let script = command_home.counting(&format!("echo {CANARY}"));
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let get = |more: &[&str]| {
        let arguments = [&["get", ID][..], more].concat();
        let mut command = command_home.command(&arguments);
        let outcome = run(command.env("CLOUDFLARE_API_TOKEN", "token-of-the-environment"));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        command_home.runs()
    };
    assert_eq!(get(&[]), 0);
    assert_sends(
        &command_home.fake,
        "authorization: Bearer token-of-the-environment",
    );
    assert_eq!(get(&["--profile", "default"]), 1);
}

#[test]
fn a_command_does_not_see_gpg_tty() {
    let command_home = CommandHome::new();
    let script = format!("[ -z \"$GPG_TTY\" ] || exit 9; echo {CANARY}");
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let outcome = run(command_home
        .command(&["get", ID])
        .env("GPG_TTY", "/dev/pts/0"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn the_command_is_not_run_for_another_address() {
    let command_home = CommandHome::new();
    let script = command_home.counting(&format!("echo {CANARY}"));
    let profile = command_home.profile("default", &["/bin/sh", "-c", &script]);
    let unbound: Vec<&str> = profile
        .lines()
        .filter(|it| !it.contains("base_url"))
        .collect();
    command_home.write(&unbound.join("\n"));
    let words = command_home
        .run(&["get", ID, "-o", "json"])
        .is_error("usage", 64);
    assert_contains(
        &words,
        "is for api.cloudflare.com, but CLOUDFLARE_BASE_URL names 127.0.0.1",
    );
    assert_contains(&words, "set `base_url` of the profile to http://127.0.0.1");
    assert_eq!(command_home.run(&["auth", "status"]).code, Some(1));
    assert_eq!(command_home.runs(), 0);
}

#[test]
fn status_names_only_the_program_and_runs_it_only_online() {
    let command_home = CommandHome::new();
    let script = command_home.counting(&format!("echo {CANARY}"));
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let status = command_home.run(&["auth", "status", "-o", "json"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    let report = status.json();
    assert_fits("auth-status", &report);
    assert_eq!(report["source"], "command");
    assert_eq!(report["profile"], "default");
    assert_eq!(report["credential"], "api_token");
    for key in ["variable", "stored", "locked", "store"] {
        assert!(report[key].is_null(), "{key}");
    }
    let table = command_home.run(&["auth", "status"]);
    assert_contains(&table.stdout, "Source\tcommand\nProgram\t/bin/sh\n");
    assert_lacks(&table.stdout, "printf");
    assert_eq!(command_home.runs(), 0);
    let online = command_home.run(&["auth", "status", "--online", "-o", "json"]);
    assert_eq!(online.json()["source"], "command");
    assert_eq!(command_home.runs(), 1);
}

#[test]
fn auth_set_and_clear_are_refused_for_a_profile_with_a_command() {
    let command_home = CommandHome::with(&format!("echo {CANARY}"));
    let before = fs::read_to_string(command_home.config()).unwrap();
    let mut set = command_home.command(&["auth", "set", "--stdin"]);
    let outcome = run_with_input(&mut set, CANARY.as_bytes());
    assert_eq!(outcome.code, Some(64), "{}", outcome.stderr);
    assert_contains(
        &outcome.stderr,
        "comes from a command, /bin/sh, not from the keyring",
    );
    let outcome = command_home.run(&["auth", "clear"]);
    assert_eq!(outcome.code, Some(64));
    assert_contains(
        &outcome.stderr,
        "comes from a command, /bin/sh, not from the keyring",
    );
    assert_eq!(fs::read_to_string(command_home.config()).unwrap(), before);
    assert!(command_home.fake.heads().is_empty());
    let outcome = command_home.run(&["profile", "remove", "default"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn all_profiles_run_their_own_commands() {
    let command_home = CommandHome::new();
    let printing = |secret: &str| format!("echo {secret}");
    let one = command_home.profile("one", &["/bin/sh", "-c", &printing("token-of-one")]);
    let two = command_home.profile("two", &["/bin/sh", "-c", &printing("token-of-two")]);
    let bad = command_home.profile("bad", &["/bin/sh", "-c", "echo locked >&2; exit 3"]);
    command_home.write(&format!("{one}{two}{bad}"));
    let outcome = command_home.run(&["check", "--all-profiles", "-o", "json"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    let report = outcome.json();
    let profiles = report["profiles"].as_array().unwrap();
    assert!(profiles[0]["error"].is_null() && profiles[1]["error"].is_null());
    let error = &profiles[2]["error"];
    assert_eq!(error["kind"], "no_credential");
    assert_contains(
        error["summary"].as_str().unwrap(),
        "profile bad, /bin/sh, failed with exit code 3: locked.",
    );
    let heads = command_home.fake.heads().concat();
    for secret in ["token-of-one", "token-of-two"] {
        assert_contains(&heads, &format!("Bearer {secret}"));
    }
}

#[test]
fn invalid_commands_are_refused_with_their_place() {
    for (value, said) in [
        (
            "\"op read\"",
            "must be an array of a program and its arguments",
        ),
        ("7", "must be an array of a program and its arguments"),
        (
            "[\"op\", 7]",
            "must be an array of a program and its arguments",
        ),
        (
            "[[\"op\"]]",
            "must be an array of a program and its arguments",
        ),
        ("[]", "must begin with a program"),
        ("[\"\"]", "must not contain empty text"),
        ("[\"op\", \"\"]", "must not contain empty text"),
        (
            "[\"op\", \"a\\u0000b\"]",
            "must not contain a NUL character",
        ),
        ("[\"bin/secret\"]", "must begin with the name of a program"),
        ("[\"./secret\"]", "must begin with the name of a program"),
    ] {
        let command_home = CommandHome::new();
        command_home.write(&format!(
            "[profiles.default]\naccount = \"{ACCOUNT}\"\ncredential_command = {value}\n"
        ));
        let words = command_home
            .run(&["list", "-o", "json"])
            .is_error("config", 1);
        assert_contains(&words, "config.toml, line 3, column 22: ");
        assert_contains(
            &words,
            &format!("`profiles.default.credential_command` {said}"),
        );
    }
}

#[test]
fn accepts_only_one_nonblank_line_as_the_secret() {
    let secret = |printed: &str| Ok(printed.to_owned());
    for (printed, found) in [
        (&b"tok_abc"[..], secret("tok_abc")),
        (b"tok_abc\n", secret("tok_abc")),
        (b"tok_abc\r\n\r\n\t\n", secret("tok_abc")),
        (b" \"tok_abc\" \n", secret("tok_abc")),
        (b"", Err(InvalidOutput::Nothing)),
        (b" \r\n\t\n", Err(InvalidOutput::Nothing)),
        (b"\ntok_abc\n", Err(InvalidOutput::EmptyFirstLine)),
        (b"tok_abc\n\nmore", Err(InvalidOutput::SeveralLines)),
        (b"tok\xff", Err(InvalidOutput::NotText)),
    ] {
        let read = secret_in(printed).map(|secret| secret.expose().to_owned());
        assert_eq!(read, found, "{printed:?}");
    }
    let long = vec![b'x'; 5000];
    assert!(matches!(
        secret_in(&long),
        Err(InvalidOutput::NotCredential(_))
    ));
}

#[test]
fn the_screens_run_it_once_after_the_first_frame() {
    let command_home = CommandHome::new();
    let go = command_home.path("go");
    make_pipe(&go);
    let script = command_home.counting(&format!("cat '{go}'; echo {CANARY}"));
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let mut session = command_home.binary(&["--log", "trace"]).on_terminal();
    session.wait_for("API token from /bin/sh");
    assert!(command_home.fake.heads().is_empty());
    fs::write(go, "").unwrap();
    session.wait_for("Nothing needs you");
    session.type_keys("\x1b");
    session.wait_for("letters are commands");
    session.type_keys("r");
    let is_asked_twice = || command_home.fake.heads().len() >= 2;
    session.wait_until("a second request", |_| is_asked_twice());
    session.type_keys("p");
    session.wait_for("from a command");
    session.type_keys("q");
    let stream = session.end().1;
    assert_lacks(&stream, CANARY);
    assert_sends(
        &command_home.fake,
        &format!("authorization: Bearer {CANARY}"),
    );
    assert_eq!(
        (command_home.runs(), command_home.keyring_connections()),
        (1, 0)
    );
    for file in fs::read_dir(command_home.home.path()).unwrap() {
        let file = file.unwrap();
        let is_ours = file.file_name() != "config.toml" && file.file_name() != "go";
        if is_ours && file.file_type().unwrap().is_file() {
            assert_lacks(&fs::read_to_string(file.path()).unwrap(), CANARY);
        }
    }
}

#[test]
fn esc_kills_a_command_that_only_a_lookup_waits_for() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &life.endless()]));
    let mut session = command_home.binary(&[ID]).on_terminal();
    life.wait_for_start();
    session.wait_for("cancel");
    session.type_keys("\x1b");
    life.wait_for_end();
    session.type_keys("\x03");
    session.end();
}

#[test]
fn leaving_the_screens_kills_a_hanging_command() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &life.endless()]));
    let mut session = command_home.binary(&[]).on_terminal();
    session.wait_for("API token from /bin/sh");
    life.wait_for_start();
    session.type_keys("\x03");
    session.end();
    life.wait_for_end();
    assert_eq!(command_home.keyring_connections(), 0);
}

#[test]
fn a_rejected_secret_hints_at_the_command() {
    let refusal = refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#);
    let command_home = CommandHome::before(Fake::answering(401, &refusal));
    let script = format!("echo {CANARY}");
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let words = command_home
        .run(&["list", "-o", "json"])
        .is_error("authentication", 1);
    let advice = "The command of profile default printed it. Make it print a valid API token.";
    assert_contains(&words, advice);
    let mut session = command_home.binary(&[]).on_terminal();
    shows(&mut session, advice);
    session.wait_for("a run the command again");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn the_screens_show_a_failure_and_a_key_runs_it_again() {
    let command_home = CommandHome::new();
    let runs = command_home.path("runs");
    let fails = format!("[ \"$(cat '{runs}')\" = xx ] || {{ echo not signed in >&2; exit 2; }}");
    let script = command_home.counting(&format!("{fails}; echo {CANARY}"));
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let mut session = command_home.binary(&[]).on_terminal();
    shows(
        &mut session,
        "/bin/sh, failed with exit code 2: not signed in.",
    );
    session.wait_for("Esc then a run");
    session.type_keys("\x1b");
    session.wait_for("e details  a run");
    session.type_keys("a");
    session.wait_for("Nothing needs you");
    session.type_keys("q");
    session.end();
    assert_eq!(
        (command_home.runs(), command_home.keyring_connections()),
        (2, 0)
    );
}

#[test]
fn a_command_cannot_read_from_the_terminal() {
    let command_home = CommandHome::new();
    let life = command_home.life();
    let script = format!("exec 3>'{}'; printf x >&3; read line < /dev/tty", life.path);
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let mut session = command_home.binary(&["--timeout", "1"]).on_terminal();
    session.wait_for("API token from /bin/sh");
    life.wait_for_start();
    session.type_keys("\x1b?");
    session.wait_for("Keys");
    session.type_keys("\x1b");
    // Its session has no terminal.
    shows(&mut session, "/bin/sh, failed with exit code");
    session.wait_for("/dev/tty");
    life.wait_for_end();
    session.type_keys("q");
    session.end();
}

#[test]
fn a_command_cannot_write_to_the_terminal() {
    let command_home = CommandHome::new();
    let script =
        format!("if echo INTRUDER > /dev/tty; then exit 7; fi 2> /dev/null; echo {CANARY}");
    command_home.write(&command_home.profile("default", &["/bin/sh", "-c", &script]));
    let mut session = command_home.binary(&[]).on_terminal();
    session.wait_for("Nothing needs you");
    session.type_keys("\x1bq");
    let (_, shown) = session.end();
    assert!(!shown.contains("INTRUDER"), "{shown}");
}

/// Concurrent requests share a run. A failure is not kept; a secret is kept until it is forgotten.
#[tokio::test]
async fn concurrent_requests_share_a_run_that_ends_with_the_last() {
    let printed = PrintedSecrets::default();
    let started = AtomicUsize::new(0);
    let run = |outcome: Result<Secret, Failure>| {
        started.fetch_add(1, Ordering::SeqCst);
        let ends = async {
            tokio::task::yield_now().await;
            outcome
        };
        Ok(Box::pin(ends) as CommandRun)
    };
    let fails = || run(Err(Failure::new(FailureKind::NoCredential, "No.", "Try.")));
    let secret = || run(Ok(Secret::new(CANARY.to_owned())));
    let (one, two) = tokio::join!(printed.get("a", fails), printed.get("a", fails));
    assert_eq!((one.is_err(), two.is_err()), (true, true));
    assert_eq!(started.load(Ordering::SeqCst), 1);
    let (one, two) = tokio::join!(printed.get("a", secret), printed.get("a", secret));
    assert_eq!((one.is_ok(), two.is_ok()), (true, true));
    assert!(printed.get("a", fails).await.is_ok(), "it is known");
    assert_eq!(started.load(Ordering::SeqCst), 2);
    assert!(printed.get("b", fails).await.is_err(), "another profile");
    printed.forget("a");
    assert!(printed.get("a", fails).await.is_err());
    // Nobody waits any more, so dropping the run kills the command.
    let (held, dropped) = channel::<()>();
    let endless = || {
        let pending = async move {
            let _held = held;
            std::future::pending().await
        };
        Ok(Box::pin(pending) as CommandRun)
    };
    let soon = Duration::from_millis(1);
    let waiting = tokio::time::timeout(soon, printed.get("c", endless));
    assert!(waiting.await.is_err());
    assert_eq!(dropped.try_recv(), Err(TryRecvError::Disconnected));
    assert!(printed.get("c", secret).await.is_ok());
}
