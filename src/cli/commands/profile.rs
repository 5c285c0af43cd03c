//! The commands that list, choose and remove profiles. `auth set` creates them.

use crate::cli::args::ProfileCommand;
use crate::cli::error_report::warn;
use crate::cli::output::print::print;
use crate::cli::output::{ProfilesReport, Report};
use crate::domain::failure::Failure;
use crate::domain::profile::no_such_profile;
use crate::startup::Context;

pub(super) async fn profile(
    context: Context,
    command: ProfileCommand,
    out: &mut Vec<u8>,
) -> Result<u8, Failure> {
    match command {
        ProfileCommand::List { output } => {
            let report = ProfilesReport::from(&context.settings);
            print(Report::Profiles(&report), output, out, context.style)?;
        }
        ProfileCommand::Use { name } => {
            context.service.use_profile(&name)?;
            context
                .environment
                .overrules(&name)
                .iter()
                .for_each(|why| warn(why));
        }
        ProfileCommand::Remove { name } => remove(&context, &name).await?,
    }
    Ok(0)
}

async fn remove(context: &Context, name: &str) -> Result<(), Failure> {
    if context.settings.profile(name).is_none() {
        return Err(no_such_profile(name));
    }
    if let Some(unreached) = context.service.remove_profile(name).await?.unreached {
        warn(&format!("{} {}", unreached.summary, unreached.hint));
    }
    Ok(())
}
