//! The manual page: contains the whole grammar, and renders in troff.

use std::process::{Command, Stdio};

use clap::{Arg, Command as Grammar, CommandFactory as _};
use tempfile::NamedTempFile;
use tokenscope::cli::args::Cli;

use crate::support::binary::{TestEnv, text};

async fn page() -> String {
    let env = TestEnv::empty().await;
    env.write_config("nonsense");
    let output = env.bare(&["man"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// The commands without subcommands, by their paths.
fn leaves(command: &Grammar, path: &str) -> Vec<(String, Grammar)> {
    let leaves = |sub: &Grammar| {
        let path = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            return leaves(sub, &path);
        }
        vec![(path, sub.clone())]
    };
    command.get_subcommands().flat_map(leaves).collect()
}

#[tokio::test]
async fn the_page_has_every_command_and_option_once() {
    let page = page().await;
    let (head, commands) = page.split_once(".SH COMMANDS\n").unwrap();
    let name = |option: &str| format!("\\fB\\-\\-{}\\fR", option.replace('-', "\\-"));
    for option in Cli::command().get_arguments() {
        let Some(option) = option.get_long() else {
            continue;
        };
        let term = format!(".TP\n{}", name(option));
        assert_eq!(head.matches(&term).count(), 1, "{option}");
        assert!(!commands.contains(&term), "{option}");
    }
    let mut grammar = Cli::command().disable_help_subcommand(true);
    grammar.build();
    let leaves = leaves(&grammar, "tokenscope");
    assert_eq!(leaves.len(), 14);
    for (path, command) in leaves {
        let heading = format!(".SS \"{path}\"\n{}\n", command.get_about().unwrap());
        let (_, section) = commands.split_once(&heading.replace('-', "\\-")).unwrap();
        let section = section.split("\n.S").next().unwrap();
        let own = |arg: &&Arg| !arg.is_global_set() && arg.get_id() != "help";
        for option in command.get_arguments().filter(own) {
            let Some(option) = option.get_long() else {
                continue;
            };
            assert_eq!(section.matches(&name(option)).count(), 1, "{path} {option}");
        }
    }
    for title in ["EXIT STATUS", "FILES", "ENVIRONMENT", "EXAMPLES"] {
        assert!(
            page.contains(&format!(".SH {title}\n"))
                || page.contains(&format!(".SH \"{title}\"\n")),
            "{title}"
        );
    }
    for (value, count) in [("prometheus", 1), ("debug", 1), ("never_expires", 4)] {
        let item = format!(".IP \\(bu 2\n{value}");
        assert_eq!(page.matches(&item).count(), count, "{value}");
    }
}

#[tokio::test]
async fn renders_without_warnings_in_installed_programs() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), page().await).unwrap();
    let render = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .arg(file.path())
            .env("MANWIDTH", "80")
            .stdin(Stdio::null())
            .output()
    };
    for (program, arguments) in [
        ("groff", &["-man", "-ww", "-Tutf8", "-Z"][..]),
        ("man", &["--warnings", "-E", "UTF-8", "-P", "cat", "-l"]),
    ] {
        let Ok(output) = render(program, arguments) else {
            continue;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && said.is_empty(),
            "{program}: {said}"
        );
        assert!(!output.stdout.is_empty());
    }
}
