//! Effects of the judge, each fenced into one place: time, printing, processes. Tests are free.

use super::ban::{self, Ban, Tests};
use super::finding::Finding;
use super::tree::Tree;

const TABLE: &[Ban] = &[
    Ban {
        within: &["conformance/src"],
        except: &["conformance/src/clock"],
        tests: Tests::Free,
        names: &[
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "std::thread::sleep",
            "tokio::time::Instant::now",
            "tokio::time::sleep",
            "tokio::time::sleep_until",
            "tokio::time::interval",
            "tokio::time::interval_at",
            "tokio::time::timeout",
            "tokio::time::timeout_at",
            "rustix::time",
            ".elapsed",
        ],
        why: "reads time: only clock does",
    },
    Ban {
        within: &["conformance/src"],
        except: &["conformance/src/cli", "conformance/src/report", "conformance/src/main.rs"],
        tests: Tests::Free,
        names: &[
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "anstream",
            "std::io::stdout",
            "std::io::stderr",
            "tokio::io::stdout",
            "tokio::io::stderr",
        ],
        why: "prints: only cli/, report/ and main.rs do",
    },
    Ban {
        within: &["conformance/src"],
        except: &["conformance/src/subject"],
        tests: Tests::Free,
        names: &["std::process::Command", "tokio::process"],
        why: "starts processes: only subject/ does",
    },
];

/// The effects that happen outside of their place.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    ban::apply(TABLE, tree)
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    const TIME: &str =
        "use std::time::Instant;\nuse tokio::time;\nfn f() { Instant::now(); time::sleep(d); start.elapsed(); }";
    const PRINTING: &str = "fn f() {\n println!();\n anstream::eprintln!();\n std::io::stdout().lock();\n}";
    const SPAWNING: &str = "use std::process::{Command, ExitCode};\nuse tokio::process::Command as Other;";

    #[test]
    fn each_effect_has_a_place() {
        let tree = Tree::of(&[
            ("conformance/src/clock.rs", TIME),
            ("conformance/src/clock/noise.rs", TIME),
            ("conformance/src/cli/run.rs", PRINTING),
            ("conformance/src/report/terminal.rs", PRINTING),
            ("conformance/src/main.rs", PRINTING),
            ("conformance/src/subject/server.rs", SPAWNING),
            ("conformance/tests/it/main.rs", SPAWNING),
            ("reference/src/net/mod.rs", TIME),
            (
                "conformance/src/engine/run.rs",
                "use tokio::time::Instant;\n#[cfg(test)]\nmod tests { fn f() { println!() } }",
            ),
        ]);
        assert_eq!(shown(&check(&tree)), [""; 0]);
    }

    #[test]
    fn an_effect_elsewhere_is_found() {
        let tree = Tree::of(&[
            ("conformance/src/engine/run.rs", TIME),
            ("conformance/src/lint.rs", PRINTING),
            ("conformance/src/proxy.rs", SPAWNING),
        ]);
        assert_eq!(
            shown(&check(&tree)),
            [
                "conformance/src/engine/run.rs:3: `.elapsed` reads time: only clock does",
                "conformance/src/engine/run.rs:3: `std::time::Instant::now` reads time: only clock does",
                "conformance/src/engine/run.rs:3: `tokio::time::sleep` reads time: only clock does",
                "conformance/src/lint.rs:2: `println!` prints: only cli/, report/ and main.rs do",
                "conformance/src/lint.rs:3: `anstream` prints: only cli/, report/ and main.rs do",
                "conformance/src/lint.rs:3: `eprintln!` prints: only cli/, report/ and main.rs do",
                "conformance/src/lint.rs:4: `std::io::stdout` prints: only cli/, report/ and main.rs do",
                "conformance/src/proxy.rs:1: `std::process::Command` starts processes: only subject/ does",
                "conformance/src/proxy.rs:2: `tokio::process::Command` starts processes: only subject/ does",
            ]
        );
    }
}
