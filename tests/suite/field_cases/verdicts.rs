//! Verdicts of monitoring, thresholds, and clocks that jump.
