//! The baseline: host, relay and viewer that only copy bytes, from a pseudo terminal over TCP to standard output. One shell, one viewer, no
//! messages.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream as Blocking;
use std::os::fd::AsFd;
use std::thread;

use tokio::io::{copy, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};

use crate::process::SHELL;

/// The copy buffer, in bytes.
const BUFFER: usize = 64 << 10;

pub(crate) async fn relay() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    let (mut host, _) = listener.accept().await.expect("a connection");
    let (mut viewer, _) = listener.accept().await.expect("a connection");
    for stream in [&host, &viewer] {
        stream.set_nodelay(true).expect("set");
    }
    _ = copy_bidirectional_with_sizes(&mut host, &mut viewer, BUFFER, BUFFER).await;
}

pub(crate) async fn host(address: &str) {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("set");
    println!("code none");
    let (pty, pts) = pty_process::open().expect("a pseudo terminal");
    let _shell = pty_process::Command::new(SHELL).kill_on_drop(true).spawn(pts).expect("a shell");
    let ((mut screen, mut keys), (mut from, mut to)) = (pty.into_split(), stream.into_split());
    _ = tokio::join!(copy(&mut screen, &mut to), copy(&mut from, &mut keys));
}

/// Standard input and output at the other end of a connection.
pub(crate) async fn viewer(address: &str) {
    let stream = Blocking::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("set");
    let (from, to) = (stream.try_clone().expect("a second handle"), stream);
    let typing = thread::spawn(move || pass(std::io::stdin(), to));
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().expect("a second handle");
    pass(from, File::from(stdout)); // Without standard output's line buffer.
    drop(typing);
}

fn pass(mut from: impl Read, mut to: impl Write) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}
