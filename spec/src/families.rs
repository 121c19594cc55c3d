//! The list of protocol families.

use crate::family::Family;
use crate::{pairing, rpc, sync, terminal, tunnel};

/// All families.
pub const FAMILIES: &[Family] = &[pairing::FAMILY, terminal::FAMILY, tunnel::FAMILY, sync::FAMILY, rpc::FAMILY];

impl Family {
    /// The family with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement;

    #[test]
    fn channel_rules_bind_the_sender() {
        for (family, channel) in FAMILIES.iter().flat_map(|family| family.channels.iter().map(move |one| (family, one)))
        {
            let rules = [Some(channel.rule), channel.binary.map(|binary| binary.rule)];
            for rule in rules.into_iter().flatten() {
                assert_eq!(family.violated_by(channel, Some(rule)), rule, "{} {}", family.name, channel.direction);
            }
        }
    }

    #[test]
    fn named_requirement_counts_only_if_it_binds_the_sender() {
        let family = Family::named("pairing").expect("a family");
        let (from, to) =
            (family.channel("host", "relay").expect("a channel"), family.channel("relay", "host").expect("a channel"));
        assert_eq!(family.violated_by(from, Some("PAIR-40")), "PAIR-H1");
        assert_eq!(family.violated_by(to, Some("PAIR-40")), "PAIR-40");
        assert_eq!(family.violated_by(to, None), "WIRE-01");
    }

    #[test]
    fn shared_chapters_bind_sides() {
        let family = Family::named("pairing").expect("a family");
        let binds = |role, id| family.requirements(role).any(|requirement| requirement.id == id);
        assert!(binds("host", "RECON-01") && binds("viewer", "DRV-02") && binds("relay", "WIRE-10"));
        assert!(!binds("relay", "RECON-01") && !binds("host", "WIRE-10") && !binds("host", "PAIR-V1"));
        let framed = Family::named("rpc").expect("a family");
        let binds = |role, id| framed.requirements(role).any(|requirement| requirement.id == id);
        assert!(binds("client", "RPC-C1") && binds("client", "RECON-01") && binds("client", "DRV-02"));
        assert!(!binds("client", "WIRE-04") && !binds("daemon", "WIRE-08") && !binds("daemon", "RPC-C1"));
    }

    #[test]
    fn chapters_bind_their_own_roles() {
        for family in FAMILIES {
            let own = requirement::all().iter().filter(|requirement| requirement.chapter == family.name);
            for role in own.flat_map(|requirement| &requirement.roles) {
                assert!(*role == family.server || family.clients.contains(role), "{} has no {role}", family.name);
            }
        }
        // The roles of sync have the names of the sides; its chapter binds no role of another family.
        let binds = |family, role, id| {
            let family = Family::named(family).expect("a family");
            family.requirements(role).any(|requirement| requirement.id == id)
        };
        assert!(binds("sync", "client", "SYNC-C1") && binds("sync", "client", "RECON-01"));
        assert!(!binds("sync", "server", "SYNC-C1") && !binds("pairing", "host", "SYNC-C1"));
    }

    #[test]
    fn paths_have_endpoints_and_roles() {
        let family = Family::named("pairing").expect("a family");
        assert_eq!(family.role_at("/mac?a=/browser"), Some("host"));
        assert_eq!(family.role_at("/macs"), None);
        let shared = Family::named("terminal").expect("a family");
        assert_eq!(shared.endpoints_at("/ws?x").map(|endpoint| endpoint.role).collect::<Vec<_>>(), ["host", "viewer"]);
        assert_eq!(shared.role_at("/ws"), None);
        assert_eq!(family.endpoint_of("viewer").map(|endpoint| endpoint.path), Some("/browser"));
    }
}
