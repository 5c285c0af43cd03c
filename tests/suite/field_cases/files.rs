//! Files and their surroundings: owners, links, locks, and settings this version does not know.
