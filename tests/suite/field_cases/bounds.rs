//! Work and memory that an answer cannot grow, and signals that are heard meanwhile.
