//! `generate`: shell completions and the manual page, from the definition of the command line.

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::cli::{Cli, Generate};
use crate::exit::{ExitStatus, Failure};
use crate::output::Sink;

/// Prints what was asked for.
pub(crate) fn generate(what: &Generate) -> Result<ExitStatus, Failure> {
    let mut bytes = Vec::new();
    match what {
        Generate::Completions { shell } => {
            let name = Cli::command().get_name().to_owned();
            clap_complete::generate(*shell, &mut Cli::command(), name, &mut bytes);
        }
        Generate::Man => manual(&mut bytes).context("cannot write the manual page")?,
    }
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    sink.write(&String::from_utf8_lossy(&bytes))
        .map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

/// One page for the program and all its commands.
fn manual(out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let whole = clap_mangen::Man::new(command.clone());
    whole.render_title(out)?;
    whole.render_name_section(out)?;
    whole.render_synopsis_section(out)?;
    whole.render_description_section(out)?;
    whole.render_options_section(out)?;
    for command in with_descendants(&command) {
        let name = command.get_bin_name().unwrap_or_default().to_uppercase();
        out.extend_from_slice(format!(".SH \"COMMAND {name}\"\n").as_bytes());
        let page = clap_mangen::Man::new(command.clone());
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
    }
    whole.render_extra_section(out)?;
    whole.render_version_section(out)
}

fn with_descendants(command: &clap::Command) -> Vec<&clap::Command> {
    let children = command
        .get_subcommands()
        .filter(|child| child.get_name() != "help");
    children
        .flat_map(|child| std::iter::once(child).chain(with_descendants(child)))
        .collect()
}
