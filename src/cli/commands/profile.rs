//! The commands that list, choose and remove profiles.
//!
//! Not here: making one, which `auth set` does.

use crate::cli::args::ProfileCommand;
use crate::cli::desk::Desk;
use crate::cli::error_report::warn;
use crate::cli::output::print::print;
use crate::cli::output::report::{ProfilesReport, Report};
use crate::domain::failure::Failure;
use crate::domain::profile::no_such_profile;

pub(super) async fn profile(
    desk: Desk,
    command: ProfileCommand,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    match command {
        ProfileCommand::List { output } => {
            let report = ProfilesReport::from(&desk.settings);
            print(Report::Profiles(&report), output, out, desk.style)?;
        }
        ProfileCommand::Use { name } => {
            desk.service.use_profile(&name)?;
            desk.environment
                .overrules(&name)
                .iter()
                .for_each(|why| warn(why));
        }
        ProfileCommand::Remove { name } => remove(&desk, &name).await?,
    }
    Ok(0)
}

async fn remove(desk: &Desk, name: &str) -> Result<(), Failure> {
    if desk.settings.profile(name).is_none() {
        return Err(no_such_profile(name));
    }
    if let Some(unreached) = desk.service.remove_profile(name).await?.unreached {
        warn(&format!("{} {}", unreached.summary, unreached.hint));
    }
    Ok(())
}
