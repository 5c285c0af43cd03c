//! The thresholds of a command: flags, else settings.
//!
//! Not here: what they mean for a token (`domain::status`).

use clap::Args;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::status::{Threshold, Thresholds};

/// The flags that set the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ThresholdArgs {
    /// Warn when less than this is left: 30d, 12h, 90m, a bare number of days, or 10% of the token's duration [default: 30d, or a quarter of a shorter duration]
    #[arg(long, value_name = "TIME", value_parser = Threshold::parse)]
    pub warn: Option<Threshold>,
    /// Critical when less than this is left [default: 7d, or a twelfth of a shorter duration]
    #[arg(long, value_name = "TIME", value_parser = Threshold::parse)]
    pub critical: Option<Threshold>,
}

impl ThresholdArgs {
    /// The thresholds in force.
    ///
    /// # Errors
    /// A usage failure that names both where they are out of order.
    pub(super) fn over(self, settings: Thresholds) -> Result<Thresholds, Failure> {
        let thresholds = Thresholds {
            warn: self.warn.or(settings.warn),
            critical: self.critical.or(settings.critical),
        };
        let (Some(warn), Some(critical)) = (thresholds.warn, thresholds.critical) else {
            return Ok(thresholds);
        };
        if !thresholds.is_out_of_order() {
            return Ok(thresholds);
        }
        let origin = |flag: Option<Threshold>| if flag.is_some() { "" } else { " (as set)" };
        Err(Failure::new(
            FailureKind::Usage,
            format!(
                "The critical threshold, {critical}{}, must not be more than the warning threshold, {warn}{}.",
                origin(self.critical),
                origin(self.warn),
            ),
            "Give both --warn and --critical, such as --warn 30d --critical 7d.",
        ))
    }
}
