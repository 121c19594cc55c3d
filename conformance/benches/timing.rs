//! How precisely the runner times a client, and whether its verdicts are right on a busy machine.
//!
//! The client is this program itself, started by the runner. It measures its own delays next to the socket: from reading a refusal to
//! connecting again. The difference from what the runner measured is the runner's error, network included.
//!
//! `cargo bench -p relayspec-conformance --bench timing [-- --quick] [-- --loaded RUNS]`

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench takes times and starts programs")]

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use conformance::report::RunReport;
use relayspec::driver::{PARAMS_VARIABLE, Params, URL_VARIABLE};
use relayspec::reconnect::Policy;

/// The file to which the client writes its delays.
const TIMES_VARIABLE: &str = "RELAYSPEC_BENCH_TIMES";
/// Makes the client grow its delays by another factor than the declared one.
const FACTOR_VARIABLE: &str = "RELAYSPEC_BENCH_FACTOR";
/// The scenario: refusals up to the cap, and past it.
const SCENARIO: &str = "pairing/host-reconnect-after-refusals";
const POLICY: &str = "base=60ms,factor=2,cap=240ms";
/// The policy of runs on a busy machine: its delays differ by more than the tolerance.
const LOADED_POLICY: &str = "base=100ms,factor=2,cap=400ms";

fn main() {
    if env::var_os(URL_VARIABLE).is_some() {
        return client();
    }
    let arguments: Vec<String> = env::args().collect();
    let after = |flag: &str| arguments.iter().skip_while(|argument| *argument != flag).nth(1);
    match after("--loaded").map(|runs| runs.parse()) {
        Some(Ok(runs)) => loaded(runs),
        Some(Err(_)) => println!("--loaded: how many runs?"),
        None => idle(if arguments.iter().any(|argument| argument == "--quick") { 5 } else { 40 }),
    }
}

/// The runner's error on an idle machine.
fn idle(runs: usize) {
    let mut errors = Vec::new();
    for _ in 0..runs {
        let run = time_client(POLICY, None);
        errors.extend(run.measured.iter().zip(&run.actual).map(|(measured, actual)| measured - actual));
        if !run.passed {
            println!("a run did not pass");
        }
    }
    errors.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| errors[((errors.len() - 1) as f64 * part).round() as usize];
    println!(
        "the runner's error in timing a client, in ms, over {} delays of {runs} runs (target: p99 at most 2 ms)",
        errors.len()
    );
    for (name, part) in [("least", 0.0), ("median", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0)] {
        println!("  {name:<7}{:>8.3}", at(part));
    }
}

/// Verdicts on a machine whose processors are all busy: half of the runs have a correct client, half one whose delays grow too slowly.
fn loaded(runs: usize) {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let burners: Vec<_> = (0..processors).map(|_| Burner::start()).collect();
    let (mut wrong, mut undecided, mut again) = (0, 0, 0);
    for number in 0..runs {
        let is_right = number % 2 == 0;
        let run = time_client(LOADED_POLICY, (!is_right).then_some(1.3));
        wrong += usize::from(!run.undecided && run.passed != is_right);
        undecided += usize::from(run.undecided);
        again += usize::from(run.attempts > 1);
    }
    drop(burners);
    println!(
        "{runs} runs with {processors} processors kept busy: {wrong} wrong verdicts, {undecided} inconclusive, {again} rerun"
    );
}

/// The result of a run, and the delays that the runner and the client measured, in ms.
struct TimedRun {
    passed: bool,
    undecided: bool,
    attempts: u32,
    measured: Vec<f64>,
    actual: Vec<f64>,
}

fn time_client(policy: &str, factor: Option<f64>) -> TimedRun {
    let folder = env::temp_dir();
    let file = |name: &str| folder.join(format!("relayspec-timing-{}-{name}", std::process::id()));
    let (report, times) = (file("report.json"), file("times"));
    let program = env::current_exe().unwrap_or_else(|error| panic!("this program cannot find itself: {error}"));
    let mut runner = Command::new(env!("CARGO_BIN_EXE_conformance"));
    runner.args(["client", "--role", "pairing.host", "--reconnect", policy, "--only", SCENARIO, "--report-json"]);
    runner.arg(&report).arg("--").arg(program).env(TIMES_VARIABLE, &times);
    if let Some(factor) = factor {
        runner.env(FACTOR_VARIABLE, factor.to_string());
    }
    let _ = runner.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let run = read(&report, &times);
    let _ = (fs::remove_file(report), fs::remove_file(times));
    run
}

fn read(report: &Path, times: &PathBuf) -> TimedRun {
    let text = fs::read_to_string(report).unwrap_or_else(|error| panic!("the runner wrote no report: {error}"));
    let report: RunReport = serde_json::from_str(&text).unwrap_or_else(|error| panic!("the report: {error}"));
    let scenario = &report.scenarios[0];
    let actual = fs::read_to_string(times).unwrap_or_default();
    TimedRun {
        passed: report.summary.failed == 0,
        undecided: report.summary.inconclusive > 0 && report.summary.failed == 0,
        attempts: scenario.attempts,
        measured: scenario.connection_attempts.iter().filter_map(|attempt| attempt.delay_ms).collect(),
        actual: actual.lines().filter_map(|line| line.parse().ok()).collect(),
    }
}

/// A process that keeps a processor busy, at normal priority.
struct Burner(Child);

impl Burner {
    fn start() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "while :; do :; done"]);
        Self(shell.spawn().unwrap_or_else(|error| panic!("`sh` does not start: {error}")))
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// Connects exactly according to the policy that it is given, and records each delay.
fn client() {
    let given = |name: &str| env::var(name).unwrap_or_default();
    let policy =
        Params::read(&given(PARAMS_VARIABLE)).ok().and_then(|params| params.reconnect).unwrap_or(Policy::RELAY);
    let policy = Policy { factor: given(FACTOR_VARIABLE).parse().unwrap_or(policy.factor), ..policy };
    let url = given(URL_VARIABLE);
    let (address, path) = url.trim_start_matches("ws://").split_once('/').unwrap_or_default();
    let mut times = File::create(given(TIMES_VARIABLE)).unwrap_or_else(|error| panic!("the times: {error}"));
    let mut lost: Option<Instant> = None;
    for attempt in 0_u32.. {
        if let Some(lost) = lost {
            wait_until(lost + policy.nominal(attempt - 1));
            let _ = writeln!(times, "{}", lost.elapsed().as_secs_f64() * 1e3);
        }
        let Ok(mut stream) = TcpStream::connect(address) else { return };
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read(&mut [0; 1024]);
        lost = Some(Instant::now());
    }
}

/// Sleeps until shortly before a moment, and spins for the rest.
fn wait_until(moment: Instant) {
    const SPIN: Duration = Duration::from_millis(2);
    std::thread::sleep(moment.saturating_duration_since(Instant::now()).saturating_sub(SPIN));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}
