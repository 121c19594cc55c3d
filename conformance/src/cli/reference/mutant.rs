//! The mutant options of a reference.

use clap::Args;
use relayspec_reference::mutant::{ALL, SelectedMutant, choose};

use super::super::error::CommandError;

/// The mutant options of a reference.
#[derive(Debug, Args)]
pub(super) struct MutantOptions {
    /// Run this mutant: violate a requirement on purpose, to check that the runner detects it
    #[arg(long, value_name = "NAME", help_heading = "Mutants")]
    mutant: Option<String>,

    #[command(flatten)]
    pub(super) listing: Listing,
}

/// Whether and how to list the mutants.
#[derive(Debug, Args)]
pub(super) struct Listing {
    /// List the mutants and exit
    #[arg(long, help_heading = "Mutants")]
    list_mutants: bool,

    /// List them as JSON
    #[arg(long, requires = "list_mutants", help_heading = "Mutants")]
    json: bool,
}

impl MutantOptions {
    /// The chosen mutant of this role.
    pub(super) fn chosen(&self, role: &'static str) -> Result<Option<SelectedMutant>, CommandError> {
        let name = self.mutant.as_deref();
        name.map(|name| choose(role, name).map_err(|error| CommandError::reference_usage(format!("--mutant: {error}"))))
            .transpose()
    }
}

impl Listing {
    /// Prints the mutants of a role or of all, if requested; returns whether it was.
    pub(super) fn print(&self, role: Option<&str>) -> bool {
        if self.list_mutants {
            list(role, self.json);
        }
        self.list_mutants
    }
}

fn list(role: Option<&str>, as_json: bool) {
    let all = ALL.iter().filter(|mutants| role.is_none_or(|role| role == mutants.role));
    let all = all.flat_map(|mutants| mutants.iter().map(|mutant| (mutants.role, mutant)));
    if as_json {
        let listed = all.map(|(role, mutant)| {
            serde_json::json!({
                "role": role, "name": mutant.name, "breaks": mutant.breaks, "causes": mutant.causes, "cascading": mutant.cascading,
                "by_place": mutant.is_by_place, "line": mutant.line,
            })
        });
        return anstream::println!("{:#}", listed.collect::<serde_json::Value>());
    }
    for (role, mutant) in all {
        let breaks = if mutant.is_by_place { "by place".to_owned() } else { mutant.breaks.join(", ") };
        anstream::println!("{role} {}: {} ({breaks})", mutant.name, mutant.line);
    }
}
