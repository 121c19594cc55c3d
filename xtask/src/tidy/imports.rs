//! Who may import whom: the table of ARCHITECTURE.md, read in the sources. What the manifests say is in `manifests.rs`.

use super::ban::{self, Ban, Tests};
use super::finding::Finding;
use super::tree::Tree;

const TABLE: &[Ban] = &[
    Ban {
        within: &["spec"],
        except: &[],
        tests: Tests::Bound,
        names: &["conformance", "relayspec_reference", "xtask", "tokio"],
        why: "has no place in the law: it stands on no other crate of the workspace and on no runtime",
    },
    Ban {
        within: &["spec/src"],
        except: &[],
        tests: Tests::Bound,
        names: &["std::net", "std::fs", "std::process", "std::time::Instant", "std::time::SystemTime", "async"],
        why: "has no place in the law: it is pure, without input, output or clock",
    },
    Ban {
        within: &["conformance"],
        except: &["conformance/src/cli/reference"],
        tests: Tests::Bound,
        names: &["relayspec_reference"],
        why: "may be named in conformance/src/cli/reference only: the judge shares no code with the example",
    },
    Ban {
        within: &["conformance/src/engine"],
        except: &[],
        tests: Tests::Bound,
        names: &["crate::subject", "crate::report", "crate::baseline", "crate::cli", "crate::fuzz"],
        why: "is not for the engine: events are its only road out",
    },
    Ban {
        within: &["conformance/src/report", "conformance/src/baseline"],
        except: &[],
        tests: Tests::Bound,
        names: &["crate::engine", "crate::transport"],
        why: "is not for reports and baselines: they read events and outcomes",
    },
    Ban {
        within: &["reference"],
        except: &[],
        tests: Tests::Bound,
        names: &["conformance", "relayspec::order", "relayspec::*::order", "relayspec::*::state"],
        why: "is the judge's: the example stands on messages, codecs and policies alone",
    },
    Ban {
        within: &["xtask"],
        except: &[],
        tests: Tests::Bound,
        names: &["conformance", "relayspec_reference"],
        why: "is no library for xtask: start the binary instead",
    },
];

/// The names in sources that break the table.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    ban::apply(TABLE, tree)
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let place = |line: String| line.split("` ").next().unwrap_or_default().to_owned();
        shown(&check(&Tree::of(files))).into_iter().map(place).collect()
    }

    #[test]
    fn the_law_is_pure() {
        let fine =
            "use std::time::Duration;\n// std::fs and async are for others\nfn f() -> &'static str { \"tokio\" }";
        assert_eq!(places(&[("spec/src/a.rs", fine), ("spec/tests/it/main.rs", "use std::fs;")]), [""; 0]);

        let impure =
            "use std::{fmt, fs};\nuse std::time::{Duration, Instant as Clock};\nasync fn f() { tokio::spawn(g) }";
        assert_eq!(
            places(&[("spec/src/a.rs", impure)]),
            [
                "spec/src/a.rs:1: `std::fs",
                "spec/src/a.rs:2: `std::time::Instant",
                "spec/src/a.rs:3: `async",
                "spec/src/a.rs:3: `tokio::spawn",
            ]
        );
    }

    #[test]
    fn only_one_file_of_the_judge_names_the_example() {
        let text = "use relayspec_reference::server;";
        assert_eq!(places(&[("conformance/src/cli/reference/mod.rs", text)]), [""; 0]);
        assert_eq!(
            places(&[("conformance/src/cli/run.rs", text), ("conformance/tests/it/main.rs", text)]),
            [
                "conformance/src/cli/run.rs:1: `relayspec_reference::server",
                "conformance/tests/it/main.rs:1: `relayspec_reference::server",
            ]
        );
    }

    #[test]
    fn the_engine_speaks_in_events_only() {
        let fine = ("conformance/src/engine/run.rs", "use crate::{event, transport};\nuse super::report_step;");
        assert_eq!(places(&[fine]), [""; 0]);
        assert_eq!(
            places(&[(
                "conformance/src/engine/run.rs",
                "use super::super::report;\nfn f(s: crate::subject::Subject) {}"
            )]),
            [
                "conformance/src/engine/run.rs:1: `crate::report",
                "conformance/src/engine/run.rs:2: `crate::subject::Subject"
            ]
        );
        assert_eq!(
            places(&[("conformance/src/engine/mod.rs", "use crate::*;")]),
            ["conformance/src/engine/mod.rs:1: `crate::*"]
        );
    }

    #[test]
    fn reports_and_baselines_read_events_only() {
        assert_eq!(places(&[("conformance/src/report/html.rs", "use crate::{event::Event, outcome};")]), [""; 0]);
        assert_eq!(
            places(&[
                ("conformance/src/report/html.rs", "use crate::engine;"),
                ("conformance/src/baseline.rs", "use crate::transport::Frame;")
            ]),
            [
                "conformance/src/baseline.rs:1: `crate::transport::Frame",
                "conformance/src/report/html.rs:1: `crate::engine"
            ]
        );
    }

    #[test]
    fn the_example_stands_on_messages_alone() {
        assert_eq!(
            places(&[("reference/src/a.rs", "use relayspec::pairing::{Join, Order};\nuse std::cmp::Ordering;")]),
            [""; 0]
        );
        assert_eq!(
            places(&[(
                "reference/src/a.rs",
                "use relayspec::pairing;\nuse relayspec::order::Order;\nfn f() { pairing::order(r); conformance::x() }"
            )]),
            [
                "reference/src/a.rs:2: `relayspec::order::Order",
                "reference/src/a.rs:3: `conformance::x",
                "reference/src/a.rs:3: `relayspec::pairing::order",
            ]
        );
    }

    #[test]
    fn chores_start_binaries() {
        assert_eq!(places(&[("xtask/src/a.rs", "fn f() { start(\"conformance\") }")]), [""; 0]);
        assert_eq!(
            places(&[("xtask/src/a.rs", "use conformance::engine;")]),
            ["xtask/src/a.rs:1: `conformance::engine"]
        );
    }
}
