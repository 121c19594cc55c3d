//! A daemon or a client of the rpc family with one flaw: the reference, with somebody in the middle who spoils what goes by.
//!
//! `flawed-rpc daemon FLAW PROGRAM SOCKET` starts the daemon at a socket of its own and listens at SOCKET; `flawed-rpc client FLAW PROGRAM
//! URL` starts the client and lets it connect to a socket of its own.

mod flaws;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flaws::{Side, Talk};
use relayspec::rpc::Frames;

/// What all connections have in common.
#[derive(Default)]
pub(crate) struct House {
    /// Sessions that were started, and those that were ended.
    pub(crate) started: HashSet<String>,
    pub(crate) ended: HashSet<String>,
    /// How many connections there were.
    pub(crate) connections: usize,
    /// Whether memory was taken for a length.
    pub(crate) has_taken: bool,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [kind, flaw, program, place] = &words[..] else { return ExitCode::from(2) };
    match &**kind {
        "daemon" => daemon(flaw, program, Path::new(place)),
        _ => client(flaw, program, Path::new(place.trim_start_matches("unix:"))),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A socket file that is private and takes the place of a stale one; nothing where a live one is in the way.
fn listen(flaw: &str, socket: &Path) -> Option<UnixListener> {
    if socket.exists() {
        if flaw == "respects-stale-files" || flaw != "takes-the-place" && UnixStream::connect(socket).is_ok() {
            return None;
        }
        std::fs::remove_file(socket).expect("a file that can be removed");
    }
    let new = beside(socket, ".new");
    let listener = UnixListener::bind(&new).expect("a socket");
    let mode = if flaw == "open-to-all" { 0o666 } else { 0o600 };
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(mode)).expect("a mode");
    std::fs::rename(&new, socket).expect("its place");
    Some(listener)
}

fn daemon(flaw: &str, program: &str, socket: &Path) -> ExitCode {
    let journal = beside(socket, ".kept");
    match flaw {
        "forgets-all" => _ = std::fs::remove_file(&journal),
        "never-comes-back" if journal.exists() => return ExitCode::FAILURE,
        _ => {}
    }
    let Some(listener) = listen(flaw, socket) else { return ExitCode::FAILURE };
    // A rival has a daemon of its own behind it.
    let real = beside(socket, &format!(".{}", std::process::id()));
    let journal = if flaw == "takes-the-place" { beside(&real, ".kept") } else { journal };
    let mut command = Command::new(program);
    command.args(["reference", "rpc-daemon", "--log", "off", "--socket"]).arg(&real).arg("--journal").arg(journal);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the daemon");
    while UnixStream::connect(&real).is_err() {
        thread::sleep(Duration::from_millis(5));
    }
    serve(&listener, flaw, Side::Daemon, move || UnixStream::connect(&real).ok());
    _ = child.kill();
    _ = child.wait();
    ExitCode::SUCCESS
}

fn client(flaw: &str, program: &str, judge: &Path) -> ExitCode {
    let folder = std::env::temp_dir().join(format!("flawed-rpc-{}", std::process::id()));
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let socket = folder.join("socket");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let url = format!("unix:{}", socket.display());
    let mut command = Command::new(program);
    command.args(["reference", "rpc-client", "--driver", "--log", "off", "--url", &url]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the client");
    tell(flaw, &mut child);
    let (judge, of_thread) = (judge.to_owned(), flaw.to_owned());
    thread::spawn(move || serve(&listener, &of_thread, Side::Client, move || UnixStream::connect(&judge).ok()));
    let status = child.wait().expect("the client's end");
    // What went by last is still on its way.
    thread::sleep(Duration::from_millis(20));
    _ = std::fs::remove_dir_all(folder);
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Passes on what the client tells its user.
fn tell(flaw: &str, child: &mut Child) {
    let (flaw, output) = (flaw.to_owned(), child.stdout.take().expect("its output"));
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if !flaws::hides(&flaw, &line) {
                let mut out = std::io::stdout().lock();
                _ = writeln!(out, "{line}").and_then(|()| out.flush());
            }
        }
    });
}

fn serve(listener: &UnixListener, flaw: &str, side: Side, dial: impl Fn() -> Option<UnixStream>) {
    let house = Arc::new(Mutex::new(House::default()));
    for near in listener.incoming().map_while(Result::ok) {
        let number = {
            let mut house = house.lock().expect("the house");
            house.connections += 1;
            house.connections
        };
        if flaw == "stays-away" && number > 1 {
            // Nobody is told that somebody tries again.
            std::mem::forget(near);
            continue;
        }
        let Some(far) = dial() else { continue };
        let talk = Arc::new(Mutex::new(Talk::new(flaw, side, number, Arc::clone(&house))));
        talk.lock().expect("the talk").opens(&near, &far);
        // What the judge says is bounded.
        let (inner, outer) = if side == Side::Daemon { (limit(flaw), usize::MAX) } else { (usize::MAX, limit(flaw)) };
        let inward = pass(&near, &far, &talk, Frames::new(inner), Way::In);
        let outward = pass(&far, &near, &talk, Frames::new(outer), Way::Out);
        if flaw == "one-at-a-time" {
            _ = inward.join();
            _ = outward.join();
        }
    }
}

/// The longest frame that is passed on.
fn limit(flaw: &str) -> usize {
    match flaw {
        "small-limit" => 1 << 20,
        "takes-any-length" => usize::MAX,
        _ => 16 << 20,
    }
}

/// Which way something goes: in, from who has connected, or out to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// Passes on what one side says, until it ends.
fn pass(
    from: &UnixStream,
    to: &UnixStream,
    talk: &Arc<Mutex<Talk>>,
    mut frames: Frames,
    way: Way,
) -> thread::JoinHandle<()> {
    let (mut from, mut to) = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
    let talk = Arc::clone(talk);
    thread::spawn(move || {
        let mut piece = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let said = talk.lock().expect("the talk").says(way, &piece[..count], &mut frames);
            thread::sleep(said.delay);
            if from.write_all(&said.back).is_err() || to.write_all(&said.onward).is_err() || said.ends {
                break;
            }
        }
        let last = talk.lock().expect("the talk").ends(way);
        _ = to.write_all(&last);
        if !talk.lock().expect("the talk").hides_end(way) {
            _ = from.shutdown(std::net::Shutdown::Both);
            _ = to.shutdown(std::net::Shutdown::Both);
        }
    })
}
