//! Where a credential comes from, and which host it may go to.
