//! The keyring, the prompt, and pasted text.
