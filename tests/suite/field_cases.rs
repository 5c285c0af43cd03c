//! Faults that users of similar programs met, each as a test that a program with the fault fails.
//!
//! A test's name begins with its case. Most drive the built binary: what counts is what a person or
//! a script would see. Cases A to E are the first series, F to L the second, one file a subject.

mod a_api;
mod answers;
mod b_keyring;
mod binding;
mod bounds;
mod c_terminal;
mod d_network;
mod d_secrets;
mod data;
mod disk;
mod e_cli;
mod fake;
mod files;
mod folders;
mod looks_and_log;
mod network;
mod prompt;
mod shells;
mod verdicts;
