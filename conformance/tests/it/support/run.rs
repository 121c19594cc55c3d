//! Runs the real binary, and reads its reports.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use conformance::outcome::CheckOutcome;
use conformance::report::RunReport;
use jsonschema::{Draft, Validator};
use relayspec::schema;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_conformance");

/// A client with selectable flaws.
pub(crate) const FLAWED: &str = env!("CARGO_BIN_EXE_flawed-client");

/// The longest time of a single run, even on a busy machine; after it the run is killed.
const DEADLINE: Duration = Duration::from_secs(60);

/// The result of a run of the binary.
#[derive(Debug)]
pub(crate) struct BinaryOutput {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl BinaryOutput {
    /// Asserts the exit status.
    #[track_caller]
    pub(crate) fn exits(&self, status: i32) {
        assert_eq!(self.status, status, "{}", self.shown());
    }

    /// Exit status and output, for snapshots.
    pub(crate) fn shown(&self) -> String {
        let part = |name, text: &str| {
            if text.trim().is_empty() { String::new() } else { format!("--- {name}\n{}\n", unwrapped(text.trim_end())) }
        };
        format!("exit status {}\n{}{}", self.status, part("stdout", &self.out), part("stderr", &self.err))
    }
}

/// The text with each message in one line, since wrapping depends on the paths in it.
fn unwrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("    "), lines.last_mut()) {
            (Some(rest), Some(last)) if last.starts_with("problem: ") || last.starts_with("baseline: ") => {
                last.push(' ');
                last.push_str(rest);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// Runs the binary with these arguments to its end.
pub(crate) async fn conformance<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> BinaryOutput {
    RunningBinary::start(arguments).end().await
}

/// The running binary. Dropping it ends the binary and everything that it has started.
pub(crate) struct RunningBinary {
    child: Child,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
    read: String,
}

impl RunningBinary {
    pub(crate) fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(BINARY);
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts a command for [`BINARY`].
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the binary starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = child.stderr.take().expect("a pipe");
        Self { child, out, err, read: String::new() }
    }

    /// Reads its output up to a line with this text, which is returned.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = timeout(DEADLINE, self.out.read_line(&mut line)).await;
            let read = read.unwrap_or_else(|_| panic!("no line with `{text}` in time, but\n{}", self.read));
            self.read.push_str(&line);
            assert!(read.expect("UTF-8") > 0, "no line with `{text}`, but\n{}", self.read);
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(id as i32)).expect("a process that runs");
        kill_process(id, signal).expect("a signal");
    }

    /// Kills it and waits for its end.
    pub(crate) async fn killed(mut self) {
        self.child.kill().await.expect("a process to kill");
    }

    /// Waits for its end, and for that of its output, which no process that it started may keep open.
    pub(crate) async fn end(mut self) -> BinaryOutput {
        let (mut out, mut err) = (std::mem::take(&mut self.read), String::new());
        let over = async {
            let (_, _, status) = tokio::try_join!(
                self.out.read_to_string(&mut out),
                self.err.read_to_string(&mut err),
                self.child.wait()
            )?;
            Ok::<_, std::io::Error>(status)
        };
        let status = timeout(DEADLINE, over).await.expect("the binary ends in time").expect("UTF-8");
        for text in [&out, &err] {
            assert!(!text.contains('\u{1b}'), "an escape sequence in a pipe:\n{text}");
            assert!(!text.contains("panicked"), "{text}");
        }
        BinaryOutput { status: status.code().expect("an exit status and no signal"), out, err }
    }
}

impl Drop for RunningBinary {
    /// If a test fails early: SIGTERM first, for an orderly end.
    fn drop(&mut self) {
        let Some(id) = self.child.id().and_then(|id| Pid::from_raw(id as i32)) else { return };
        let _ = kill_process(id, Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::yield_now();
        }
    }
}

/// The result of a test run, with its reports.
#[derive(Debug)]
pub(crate) struct TestRun {
    pub(crate) ran: BinaryOutput,
    pub(crate) report: RunReport,
    pub(crate) junit: quick_junit::Report,
}

/// Runs the binary with both machine-readable reports, written to a folder of this name, and compares the reports.
pub(crate) async fn test_run<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> TestRun {
    let folder = super::folder(&format!("runs/{name}"));
    let ran = reporting(&folder, arguments).end().await;
    TestRun::read(&folder, ran)
}

/// Starts the binary with both machine-readable reports.
fn reporting<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> RunningBinary {
    let mut arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
    let reports = ["--report-json".into(), json(folder).into(), "--report-junit".into(), junit(folder).into()];
    // Arguments after `--` are the subject's.
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, reports);
    let mut command = Command::new(BINARY);
    command.args(arguments);
    RunningBinary::spawn(command)
}

fn json(folder: &Path) -> PathBuf {
    folder.join("report.json")
}

fn junit(folder: &Path) -> PathBuf {
    folder.join("report.xml")
}

impl TestRun {
    /// Asserts the exit status.
    #[track_caller]
    pub(crate) fn exits(&self, status: i32) -> &Self {
        self.ran.exits(status);
        self
    }

    /// Starts a run whose reports go to a folder; [`TestRun::read`] reads them.
    pub(crate) fn start<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> RunningBinary {
        reporting(folder, arguments)
    }

    /// Reads the reports of a run: the JSON must match its schema, and the JUnit file must agree with it.
    pub(crate) fn read(folder: &Path, ran: BinaryOutput) -> Self {
        let text = std::fs::read_to_string(json(folder)).unwrap_or_else(|error| panic!("no report: {error}\n{ran:#?}"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let problems: Vec<_> = report_schema().iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(problems, [""; 0], "the report does not match its schema");
        let report: RunReport = serde_json::from_value(value).expect("a report");
        let text = std::fs::read_to_string(junit(folder)).expect("a JUnit report");
        let junit = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
        let extra = usize::from(report.problem.is_some()) + report.stale_baseline.len();
        assert_eq!(junit.tests, report.summary.checks() + extra, "both reports have the same checks");
        let left = super::names(folder).into_iter().filter(|name| name.contains("partial"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
        Self { ran, report, junit }
    }

    /// The check with this name, in any scenario.
    pub(crate) fn check(&self, name: &str) -> &CheckOutcome {
        let checks = self.report.scenarios.iter().flat_map(|scenario| &scenario.checks);
        let mut found = checks.filter(|check| check.id.ends_with(&format!("#{name}")));
        let check = found.next().unwrap_or_else(|| panic!("no check `{name}`: {:#?}", self.report));
        assert!(found.next().is_none(), "several checks are called `{name}`");
        check
    }
}

fn report_schema() -> &'static Validator {
    static COMPILED: LazyLock<Validator> = LazyLock::new(|| {
        let document = schema::document::<RunReport>();
        jsonschema::options().with_draft(Draft::Draft202012).build(&document).expect("a schema")
    });
    &COMPILED
}
