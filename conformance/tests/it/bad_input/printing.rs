//! Output to pipes, closed pipes and full disks, with and without colours.

use std::fs::OpenOptions;
use std::io;
use std::process::{Command, Output, Stdio};

use crate::support::{BINARY, ReferenceProcess, assert_shown, conformance, file, folder, names};

fn run(arguments: &[&str], environment: &[(&str, &str)], out: Stdio) -> Output {
    let mut command = Command::new(BINARY);
    command.args(arguments).env_remove("NO_COLOR").envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output().expect("the binary runs")
}

fn escapes(bytes: &[u8]) -> bool {
    bytes.contains(&0x1b)
}

#[tokio::test]
async fn uses_colours_only_on_terminals_or_if_forced() {
    let relay = ReferenceProcess::start(&[]).await;
    let url = relay.url();
    let arguments = ["server", &url, "--only", "register"];
    for (environment, colours) in [
        (&[][..], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], false),
    ] {
        let done = run(&arguments, environment, Stdio::piped());
        assert!(done.status.success(), "{done:?}");
        assert_eq!((escapes(&done.stdout), escapes(&done.stderr)), (colours, false), "{environment:?}");
    }
    let wrong = run(&["explain", "nonsense"], &[], Stdio::piped());
    assert!(!escapes(&wrong.stdout) && !escapes(&wrong.stderr), "{wrong:?}");
}

#[tokio::test]
async fn an_unwritable_report_is_an_error_whatever_the_verdict() {
    let relay = ReferenceProcess::start(&[]).await;
    let ran = conformance(["server", &relay.url(), "--only", "register", "--report-json", "/dev/full"]).await;
    ran.exits(4);
    assert!(ran.out.trim_end().ends_with("conforms"), "the verdict is printed all the same: {}", ran.out);
    assert_shown!(ran.err);
}

#[tokio::test]
async fn a_closed_pipe_does_not_keep_reports_from_being_written() {
    let relay = ReferenceProcess::start(&[]).await;
    let folder = folder("reader-leaves");
    let report = folder.join("report.json").display().to_string();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let done = run(&["server", &relay.url(), "--only", "register", "--report-json", &report], &[], writer.into());
    let shown = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), &*shown), (Some(0), ""), "the verdict is that of the subject");
    assert_eq!(names(&folder), ["report.json"]);
    let report = std::fs::read_to_string(&report).expect("a report");
    assert!(report.contains("pairing/register#lint"), "{report}");
}

#[tokio::test]
async fn a_closed_pipe_does_not_hide_a_failure() {
    let relay = ReferenceProcess::start(&[]).await;
    let script = "summary: Awaits a message that never arrives.\ncovers: [PAIR-10]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: /mac }\n  - expect: { on: host, json: { type: pong }, check: answers }\n";
    let scenario = file(&folder("failure-unread"), "never.yaml", script);
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let done = run(&["server", &relay.url(), "--scenario", &scenario], &[], writer.into());
    assert_eq!((done.status.code(), &*String::from_utf8_lossy(&done.stderr)), (Some(1), ""));
}

#[test]
fn unwritable_output_is_an_error_with_a_message() {
    for arguments in [&["list"][..], &["schema", "scenario"], &["explain", "PAIR-30"], &["completions", "bash"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let done = run(arguments, &[], full.into());
        let shown = String::from_utf8_lossy(&done.stderr);
        let expected = "error: cannot write the output: No space left on device (os error 28)\n";
        assert_eq!((done.status.code(), &*shown), (Some(4), expected), "{arguments:?}");
    }
}

/// As in `conformance list | head -0`.
#[test]
fn a_closed_pipe_is_not_an_error() {
    for arguments in
        [&["list"][..], &["schema", "scenario"], &["explain", "PAIR-30"], &["completions", "bash"], &["--help"]]
    {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let done = run(arguments, &[], writer.into());
        let shown = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &*shown), (Some(0), ""), "{arguments:?}");
    }
}
