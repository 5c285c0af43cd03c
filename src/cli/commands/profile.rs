//! The commands that list, choose and remove profiles. `auth set` creates them.

use crate::cli::args::ProfileCommand;
use crate::cli::error_report::warn;
use crate::cli::output::Report;
use crate::cli::output::print::{Output, print};
use crate::domain::failure::Failure;
use crate::domain::profile::no_such_profile;
use crate::startup::Context;

pub(super) async fn profile(
    context: Context,
    command: ProfileCommand,
    out: &mut Output,
) -> Result<u8, Failure> {
    match command {
        ProfileCommand::List { output } => {
            let report = Report::Profiles(&context.settings);
            print(report, output, out, context.style)?;
        }
        ProfileCommand::Use { name } => {
            context.service.use_profile(&name)?;
            if let Some(why) = context.environment.overrules(&name) {
                warn(&why);
            }
        }
        ProfileCommand::Remove { name } => {
            if context.settings.profile(&name).is_none() {
                return Err(no_such_profile(&name));
            }
            let removed = context.service.remove_profile(&name).await?;
            if let Some(unreached) = removed.unreached {
                warn(&format!("{} {}", unreached.summary, unreached.hint));
            }
        }
    }
    Ok(0)
}
