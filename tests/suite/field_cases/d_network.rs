//! Group D: HTTP, TLS and proxies.
