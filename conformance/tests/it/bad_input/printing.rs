//! Where the runner prints to: pipes, closed pipes, full disks, and people who asked for colours or for none.

use std::fs::OpenOptions;
use std::io;
use std::process::{Command, Output, Stdio};

use crate::support::{BINARY, Reference, assert_told, conformance, file, folder, names};

fn run(arguments: &[&str], environment: &[(&str, &str)], out: Stdio) -> Output {
    let mut command = Command::new(BINARY);
    command.args(arguments).env_remove("NO_COLOR").envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output().expect("the binary runs")
}

fn escapes(bytes: &[u8]) -> bool {
    bytes.contains(&0x1b)
}

#[tokio::test]
async fn colours_are_for_terminals_and_those_who_force_them() {
    let relay = Reference::start(&[]).await;
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
async fn a_report_that_cannot_be_written_is_a_fault_whatever_the_verdict() {
    let relay = Reference::start(&[]).await;
    let ran = conformance(["server", &relay.url(), "--only", "register", "--report-json", "/dev/full"]).await;
    assert_eq!(ran.status, 4, "{}", ran.told());
    assert!(ran.out.trim_end().ends_with("conforms"), "the verdict is told all the same: {}", ran.out);
    assert_told!(ran.err);
}

#[tokio::test]
async fn a_reader_who_leaves_is_no_reason_to_panic_or_to_write_no_report() {
    let relay = Reference::start(&[]).await;
    let folder = folder("reader-leaves");
    let report = folder.join("report.json").display().to_string();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let done = run(&["server", &relay.url(), "--only", "register", "--report-json", &report], &[], writer.into());
    let told = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), &*told), (Some(0), ""), "the verdict is that of the subject");
    assert_eq!(names(&folder), ["report.json"]);
    let report = std::fs::read_to_string(&report).expect("a report");
    assert!(report.contains("pairing/register#lint"), "{report}");
}

#[tokio::test]
async fn a_reader_who_leaves_does_not_hide_a_failure() {
    let relay = Reference::start(&[]).await;
    let script = "summary: Awaits what never comes.\ncovers: [PAIR-10]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: /mac }\n  - expect: { on: host, json: { type: pong }, check: answers }\n";
    let scenario = file(&folder("failure-unread"), "never.yaml", script);
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let done = run(&["server", &relay.url(), "--scenario", &scenario], &[], writer.into());
    assert_eq!((done.status.code(), &*String::from_utf8_lossy(&done.stderr)), (Some(1), ""));
}

#[test]
fn answers_that_cannot_be_written_are_a_fault_with_a_message() {
    for arguments in [&["list"][..], &["schema", "scenario"], &["explain", "PAIR-30"], &["completions", "bash"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let done = run(arguments, &[], full.into());
        let told = String::from_utf8_lossy(&done.stderr);
        let expected = "error: the answer cannot be written: No space left on device (os error 28)\n";
        assert_eq!((done.status.code(), &*told), (Some(4), expected), "{arguments:?}");
    }
}

/// `conformance list | head -0`: nobody reads.
#[test]
fn answers_that_nobody_reads_are_no_reason_to_panic() {
    for arguments in
        [&["list"][..], &["schema", "scenario"], &["explain", "PAIR-30"], &["completions", "bash"], &["--help"]]
    {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let done = run(arguments, &[], writer.into());
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &*told), (Some(0), ""), "{arguments:?}");
    }
}
