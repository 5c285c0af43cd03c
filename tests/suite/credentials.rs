//! The environment's credentials and scope, the stores that are not the OS keyring, and the vault.
