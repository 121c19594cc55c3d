//! Wrong usage and unreadable files: exit status 2 and one message, before anything is started.

use std::path::Path;

use crate::support::{RefusingPort, TcpServer, assert_shown, conformance, file, folder, names};

/// Runs each command line; their messages, under the names of the cases. `SERVER` is a server at a port that refuses connections: had
/// the runner tried to connect, the exit status would be 3.
async fn messages<W: AsRef<str>>(cases: &[(&str, W)]) -> String {
    let port = RefusingPort::new();
    let mut all = String::new();
    for (name, line) in cases {
        let line = line.as_ref().replace("SERVER", &format!("server {}", port.url()));
        let ran = conformance(shell_words::split(&line).expect("a command line")).await;
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}: {}", ran.shown());
        all += &format!("# {name}\n{}\n", ran.err);
    }
    all
}

#[tokio::test]
async fn subjects() {
    let cases = [
        ("none", "server"),
        ("another scheme", "server http://127.0.0.1:8080"),
        ("no scheme", "server 127.0.0.1:8080"),
        ("no host", "server ws://"),
        ("port zero", "server ws://127.0.0.1:0"),
        ("a query", "server ws://127.0.0.1/?a=b"),
        ("a command without a port", "server --command my-relay"),
        ("a URL without a port", "server ws://127.0.0.1:8080 --command 'my-relay {port}'"),
        ("an open quote", r#"server --command "my-relay '{port}""#),
        ("an empty command", "server --command ''"),
        ("an invalid URL with a port", "server http://127.0.0.1:{port} --command 'my-relay {port}'"),
        ("an unknown family", "SERVER --family pears"),
        ("a CA file without TLS", "SERVER --ca-file ca.pem"),
        ("any certificate trusted without TLS", "SERVER --insecure"),
        ("any certificate trusted without TLS, with a command", "server --command 'my-relay {port}' --insecure"),
        ("the URL of an endpoint", "server ws://127.0.0.1:8080/mac"),
        ("the URL of an endpoint below a path", "server ws://relay.example.org/v1/browser/"),
        ("the URL of an endpoint of a command", "server ws://127.0.0.1:{port}/mac --command 'my-relay {port}'"),
        ("a missing CA file", "server wss://127.0.0.1:1 --ca-file /no/such/ca.pem"),
    ];
    assert_shown!(messages(&cases).await);
}

#[tokio::test]
async fn options() {
    let cases = [
        ("an unknown timing parameter", "SERVER --set code_lifespan=1s"),
        ("a duration without unit", "SERVER --set code_lifetime=5"),
        ("a setting without value", "SERVER --set code_lifetime"),
        ("a size of another unit", "SERVER --max-message '2 MB'"),
        ("an invalid deadline", "SERVER --run-deadline soon"),
        ("no jobs", "SERVER --jobs 0"),
        ("an invalid speed", "SERVER --speed 1000"),
        ("two ways to trust", "SERVER --insecure --ca-file ca.pem"),
        ("an unknown option", "SERVER --verbos"),
        ("an unknown subcommand", "examine"),
        ("the self-test of a URL", "self-test ws://127.0.0.1:1"),
    ];
    assert_shown!(messages(&cases).await);
}

#[tokio::test]
async fn selections() {
    let cases = [
        ("no such scenario", "SERVER --only no-such-thing"),
        ("no such requirement", "SERVER --only PAIR-999"),
        ("one of two matches nothing", "SERVER --only register --only regsiter"),
        ("a requirement of another role", "SERVER --only PAIR-H1"),
        ("an invalid glob", "SERVER --only 'pairing/[a'"),
        ("all are skipped", "SERVER --skip '*'"),
        ("an invalid glob to skip", "SERVER --skip '{a'"),
        ("one to skip matches nothing", "SERVER --skip no-such-thing"),
    ];
    assert_shown!(messages(&cases).await);
}

#[tokio::test]
async fn files() {
    let folder = folder("usage-files");
    // A flag, and a file with this text.
    let with = |flag: &str, name: &str, text: &str| format!("{flag} {}", file(&folder, name, text));
    let scenario = |name, text| with("SERVER --scenario", name, text);
    let manifest = |name, text| with("SERVER --manifest", name, text);
    let only_manifest = |name, text| with("server --manifest", name, text);
    let baseline = |name, text| with("SERVER --baseline", name, text);
    let invalid = "summary: A.\ncovers: [PAIR-10]\nunder_test: relay\nsteps:\n  - send: { on: host, jsn: 1 }\n";
    let of_host =
        "summary: A.\ncovers: [PAIR-H1]\nunder_test: host\nsteps:\n  - connect: { as: a, to: /mac, check: connects }\n";
    let cases = [
        ("no scenario", "SERVER --scenario /no/such.yaml".to_owned()),
        ("a folder for a scenario", format!("SERVER --scenario {}", folder.display())),
        ("an invalid scenario", scenario("wrong.yaml", invalid)),
        ("a scenario for another role", scenario("host.yaml", of_host)),
        ("no manifest", "SERVER --manifest /no/such.toml".to_owned()),
        ("an unknown key in the manifest", manifest("key.toml", "uri = 'ws://127.0.0.1:1'\n")),
        ("an unknown timing parameter in the manifest", manifest("timing.toml", "[timing]\ncode_lifespan = '1s'\n")),
        ("an invalid duration in the manifest", manifest("duration.toml", "[timing]\ncode_lifetime = '5'\n")),
        ("a number in the manifest", manifest("number.toml", "[timing]\ncode_lifetime = 5\n")),
        ("a manifest that is not TOML", manifest("not.toml", "{ \"url\": 1 }\n")),
        (
            "a manifest of an unknown family",
            only_manifest("family.toml", "url = 'ws://127.0.0.1:1'\nfamily = 'pears'\n"),
        ),
        ("a manifest with an invalid URL", only_manifest("url.toml", "url = 'http://127.0.0.1:1'\n")),
        ("a manifest without subject", only_manifest("empty.toml", "")),
        ("a manifest with a missing baseline", manifest("lost.toml", "baseline = 'lost-baseline.toml'\n")),
        (
            "a manifest with a CA file and no TLS",
            only_manifest("plain.toml", "url = 'ws://127.0.0.1:1'\nca_file = 'ca.pem'\n"),
        ),
        ("a manifest with the URL of an endpoint", only_manifest("endpoint.toml", "url = 'ws://127.0.0.1:1/mac'\n")),
        ("no baseline", "SERVER --baseline /no/such.toml".to_owned()),
        ("an empty reason", baseline("reason.toml", "[[expected]]\ncheck = 'pairing/register#story'\nreason = ''\n")),
        ("no reason", baseline("none.toml", "[[expected]]\ncheck = 'pairing/register#story'\n")),
        ("a baseline that is not TOML", baseline("yaml.toml", "expected:\n  - check: a\n")),
    ];
    assert_shown!(messages(&cases).await);
}

#[tokio::test]
async fn reports_that_cannot_be_written() {
    let folder = folder("usage-reports");
    let server = TcpServer::tcp(|_| async { panic!("a connection was opened") }).await;
    let run = |reports: &[(&str, &str)]| {
        let flag = |(flag, path): &(&str, &str)| format!(" --report-{flag} {}", folder.join(path).display());
        format!("server {}{}", server.url(), reports.iter().map(flag).collect::<String>())
    };
    std::fs::write(Path::new(&folder).join("file"), "").expect("written");
    let cases = [
        ("in no folder", run(&[("json", "none/report.json")])),
        ("a folder", run(&[("junit", "")])),
        ("below a file", run(&[("json", "file/report.json")])),
        ("one that can and one that cannot", run(&[("json", "report.json"), ("junit", "none/report.xml")])),
    ];
    assert_shown!(messages(&cases).await);
    assert_eq!(names(&folder), ["file"], "nothing is left of the report that could be written");
}
