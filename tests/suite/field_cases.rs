//! Faults that users of similar programs met, each as a test that a program with the fault fails.
//!
//! A test's name begins with its case. Most drive the built binary: what counts is what a person or
//! a script would see.

mod a_api;
mod b_keyring;
mod c_terminal;
mod d_network;
mod d_secrets;
mod data;
mod disk;
mod e_cli;
mod fake;
