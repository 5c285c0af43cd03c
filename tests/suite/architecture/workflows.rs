//! The CI workflows.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use crate::config::files::text;
use crate::support::assertions::assert_contains;

#[test]
fn k15_workflows_pin_their_actions_and_builds_only_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workflows = fs::read_dir(root.join(".github/workflows")).unwrap();
    let workflows: Vec<String> = workflows.map(|it| text(&it.unwrap().path())).collect();
    assert!(!workflows.is_empty());
    for workflow in &workflows {
        // Each job requests its own permissions.
        assert_contains(workflow, "\npermissions: {}\n");
        // Only one job may write: it drafts a release, and builds nothing.
        let (building, releasing) = workflow
            .split_once("\n  release:\n")
            .unwrap_or((workflow, ""));
        assert!(!building.contains(": write"), "{building}");
        assert!(!releasing.contains("cargo"), "{releasing}");
        let steps: Vec<&str> = workflow.split("- uses: ").skip(1).collect();
        for step in steps {
            let (_, reference) = step.lines().next().unwrap().split_once('@').unwrap();
            let hash = reference.split(' ').next().unwrap();
            let is_hash = hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_hash, "a tag can be moved: {reference}");
            if step.starts_with("actions/checkout@") {
                let options: Vec<&str> = step.lines().skip(1).take(2).map(str::trim).collect();
                assert_eq!(options, ["with:", "persist-credentials: false"]);
            }
        }
    }
    // Every Cargo command that could choose other versions uses Cargo.lock.
    let readmes = ["README.md", "tests/fuzz/README.md", ".ci/run"];
    let mut scripts = workflows;
    scripts.extend(readmes.map(|name| text(&root.join(name))));
    let mut count = 0;
    for line in scripts.iter().flat_map(|script| script.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let cargo = words.iter().position(|word| *word == "cargo");
        let Some(rest) = cargo.map(|at| &words[at + 1..]) else {
            continue;
        };
        let resolves = [
            "build", "test", "clippy", "check", "doc", "run", "install", "deny",
        ];
        if rest.iter().take(2).any(|word| resolves.contains(word)) {
            assert!(rest.contains(&"--locked"), "{line}");
            count += 1;
        }
    }
    assert!(count > 12, "only {count} commands were found");
}
