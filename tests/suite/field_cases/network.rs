//! Proxies, certificates, and connections that went silent.
