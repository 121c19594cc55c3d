//! Wrong usage and unreadable files: exit status 2 and one message, before anything is started.

use std::path::Path;
use std::sync::LazyLock;

use crate::support::{Nobody, Server, assert_told, conformance, file, folder, names};

/// Runs each command line; what they say, under the names of the cases.
async fn told(cases: &[(&str, Vec<String>)]) -> String {
    let mut all = String::new();
    for (name, arguments) in cases {
        let ran = conformance(arguments).await;
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}: {}", ran.told());
        all += &format!("# {name}\n{}\n", ran.err);
    }
    all
}

/// A run against a port that nobody listens at: had anything been tried, the exit status would be 3.
fn server(more: &[&str]) -> Vec<String> {
    static NOBODY: LazyLock<Nobody> = LazyLock::new(Nobody::new);
    words(&["server", &NOBODY.url()].into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn subjects() {
    let cases = [
        ("none", words(&["server"])),
        ("another scheme", words(&["server", "http://127.0.0.1:8080"])),
        ("no scheme", words(&["server", "127.0.0.1:8080"])),
        ("no host", words(&["server", "ws://"])),
        ("port zero", words(&["server", "ws://127.0.0.1:0"])),
        ("a query", words(&["server", "ws://127.0.0.1/?a=b"])),
        ("a command without a port", words(&["server", "--command", "my-relay"])),
        ("a URL without a port", words(&["server", "ws://127.0.0.1:8080", "--command", "my-relay {port}"])),
        ("an open quote", words(&["server", "--command", "my-relay '{port}"])),
        ("an empty command", words(&["server", "--command", ""])),
        (
            "a URL with a port that cannot be",
            words(&["server", "http://127.0.0.1:{port}", "--command", "my-relay {port}"]),
        ),
        ("an unknown family", server(&["--family", "pears"])),
        ("a CA file without TLS", server(&["--ca-file", "ca.pem"])),
        ("anybody trusted without TLS", server(&["--insecure"])),
        (
            "anybody trusted without TLS, with a command",
            words(&["server", "--command", "my-relay {port}", "--insecure"]),
        ),
        ("the URL of an endpoint", words(&["server", "ws://127.0.0.1:8080/mac"])),
        ("the URL of an endpoint below a path", words(&["server", "ws://relay.example.org/v1/browser/"])),
        (
            "the URL of an endpoint of a command",
            words(&["server", "ws://127.0.0.1:{port}/mac", "--command", "my-relay {port}"]),
        ),
        ("a CA file that is none", words(&["server", "wss://127.0.0.1:1", "--ca-file", "/no/such/ca.pem"])),
    ];
    assert_told!(told(&cases).await);
}

#[tokio::test]
async fn options() {
    let cases = [
        ("an unknown timing parameter", server(&["--set", "code_lifespan=1s"])),
        ("a duration without unit", server(&["--set", "code_lifetime=5"])),
        ("a setting without value", server(&["--set", "code_lifetime"])),
        ("a size of another unit", server(&["--max-message", "2 MB"])),
        ("a deadline that is none", server(&["--run-deadline", "soon"])),
        ("no jobs", server(&["--jobs", "0"])),
        ("two ways to trust", server(&["--insecure", "--ca-file", "ca.pem"])),
        ("an unknown option", server(&["--verbos"])),
        ("an unknown subcommand", words(&["judge"])),
        ("the self-test of a URL", words(&["self-test", "ws://127.0.0.1:1"])),
    ];
    assert_told!(told(&cases).await);
}

#[tokio::test]
async fn selections() {
    let cases = [
        ("nothing by that name", server(&["--only", "no-such-thing"])),
        ("no such requirement", server(&["--only", "PAIR-999"])),
        ("one of two matches nothing", server(&["--only", "register", "--only", "regsiter"])),
        ("a requirement of another role", server(&["--only", "PAIR-H1"])),
        ("a broken glob", server(&["--only", "pairing/[a"])),
        ("all are left out", server(&["--skip", "*"])),
        ("a broken glob to leave out", server(&["--skip", "{a"])),
        ("one to leave out matches nothing", server(&["--skip", "no-such-thing"])),
    ];
    assert_told!(told(&cases).await);
}

#[tokio::test]
async fn files() {
    let folder = folder("usage-files");
    let file = |name: &str, text: &str| file(&folder, name, text);
    let cases = [
        ("no scenario", server(&["--scenario", "/no/such.yaml"])),
        ("a folder for a scenario", server(&["--scenario", &folder.display().to_string()])),
        (
            "a wrong scenario",
            server(&[
                "--scenario",
                &file(
                    "wrong.yaml",
                    "summary: A.\ncovers: [PAIR-10]\nunder_test: relay\nsteps:\n  - send: { on: host, jsn: 1 }\n",
                ),
            ]),
        ),
        (
            "a scenario for another role",
            server(&[
                "--scenario",
                &file(
                    "host.yaml",
                    "summary: A.\ncovers: [PAIR-H1]\nunder_test: host\nsteps:\n  - connect: { as: a, to: /mac, check: connects }\n",
                ),
            ]),
        ),
        ("no manifest", server(&["--manifest", "/no/such.toml"])),
        ("an unknown key in the manifest", server(&["--manifest", &file("key.toml", "uri = 'ws://127.0.0.1:1'\n")])),
        (
            "an unknown timing parameter in the manifest",
            server(&["--manifest", &file("timing.toml", "[timing]\ncode_lifespan = '1s'\n")]),
        ),
        (
            "a wrong duration in the manifest",
            server(&["--manifest", &file("duration.toml", "[timing]\ncode_lifetime = '5'\n")]),
        ),
        ("a number in the manifest", server(&["--manifest", &file("number.toml", "[timing]\ncode_lifetime = 5\n")])),
        ("a manifest that is no TOML", server(&["--manifest", &file("not.toml", "{ \"url\": 1 }\n")])),
        (
            "a manifest of an unknown family",
            words(&["server", "--manifest", &file("family.toml", "url = 'ws://127.0.0.1:1'\nfamily = 'pears'\n")]),
        ),
        (
            "a manifest with a wrong URL",
            words(&["server", "--manifest", &file("url.toml", "url = 'http://127.0.0.1:1'\n")]),
        ),
        ("a manifest without subject", words(&["server", "--manifest", &file("empty.toml", "")])),
        (
            "a manifest with a baseline that is not there",
            server(&["--manifest", &file("lost.toml", "baseline = 'lost-baseline.toml'\n")]),
        ),
        (
            "a manifest with a CA file and no TLS",
            words(&["server", "--manifest", &file("plain.toml", "url = 'ws://127.0.0.1:1'\nca_file = 'ca.pem'\n")]),
        ),
        (
            "a manifest with the URL of an endpoint",
            words(&["server", "--manifest", &file("endpoint.toml", "url = 'ws://127.0.0.1:1/mac'\n")]),
        ),
        ("no baseline", server(&["--baseline", "/no/such.toml"])),
        (
            "an empty reason",
            server(&[
                "--baseline",
                &file("reason.toml", "[[expected]]\ncheck = 'pairing/register#story'\nreason = ''\n"),
            ]),
        ),
        ("no reason", server(&["--baseline", &file("none.toml", "[[expected]]\ncheck = 'pairing/register#story'\n")])),
        ("a baseline that is no TOML", server(&["--baseline", &file("yaml.toml", "expected:\n  - check: a\n")])),
    ];
    assert_told!(told(&cases).await);
}

#[tokio::test]
async fn reports_that_cannot_be_written() {
    let folder = folder("usage-reports");
    let nobody = Server::tcp(|_| async { panic!("somebody connected") }).await;
    let shown = folder.display().to_string();
    let at = |path: &str| Path::new(&shown).join(path).display().to_string();
    std::fs::write(at("file"), "").expect("written");
    let url = nobody.url();
    let cases = [
        ("in no folder", words(&["server", &url, "--report-json", &at("none/report.json")])),
        ("a folder", words(&["server", &url, "--report-junit", &shown])),
        ("below a file", words(&["server", &url, "--report-json", &at("file/report.json")])),
        (
            "one that can and one that cannot",
            words(&["server", &url, "--report-json", &at("report.json"), "--report-junit", &at("none/report.xml")]),
        ),
    ];
    assert_told!(told(&cases).await);
    assert_eq!(names(&folder), ["file"], "nothing is left of the report that could be written");
}
