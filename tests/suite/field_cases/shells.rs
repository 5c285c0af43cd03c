//! Terminals, shells, the command line, and the clipboard.
