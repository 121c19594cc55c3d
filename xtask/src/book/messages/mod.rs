//! The messages of each family, and the lines of the driver protocol, as pages.

mod driver;
mod family;
mod members;
mod section;

use anyhow::Result;
use relayspec::family::FAMILIES;

use super::pages::Pages;

/// The path of the page of a family.
pub(super) fn path(family: &str) -> String {
    format!("spec/messages/{family}.md")
}

/// A page for each family, and one for the driver protocol.
pub(super) fn pages() -> Result<Pages> {
    let families = FAMILIES.iter().map(|family| Ok((path(family.name), family::page(family)?)));
    families.chain([driver::page().map(|page| (path("driver"), page))]).collect()
}

#[cfg(test)]
mod tests {
    use relayspec::schema::MessageSchema;

    use super::*;

    #[test]
    fn each_message_has_members_and_examples() {
        let pages = pages().expect("the pages");
        let schemas = |family: &relayspec::family::Family| -> Vec<MessageSchema> {
            family.channels.iter().flat_map(|channel| (channel.schemas)()).collect()
        };
        let of_families =
            FAMILIES.iter().flat_map(|family| schemas(family).into_iter().map(|one| (family.name, one.name)));
        let of_driver = ["send", "stop", "connected", "unsupported", "CONFORMANCE_PARAMS"].map(|name| ("driver", name));
        for (family, name) in of_families.chain(of_driver) {
            let (_, section) = pages[&path(family)].split_once(&format!("\n## {name}\n")).expect("a section");
            let section = section.split("\n## ").next().expect("its text");
            assert!(section.contains("\nValid: ") && section.contains("| member |"), "{family} {section}");
        }
    }
}
