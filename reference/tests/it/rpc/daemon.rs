//! The daemon: hostile input, and peers that do not read.

use std::os::unix::fs::PermissionsExt;

use relayspec::rpc::{Frame, Message, Request, SESSIONS, Scope};
use relayspec_reference::{DaemonError, DaemonOptions, RpcDaemon};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use super::{FrameConnection, TempFolder, TestDaemon, end, rejected, resident, start};
use crate::soon;

/// More than the daemon and the system buffer for a peer that does not read, in bytes of answers.
const TOO_MUCH: usize = 64 << 20;

#[tokio::test]
async fn invalid_frames_affect_no_other_connection() {
    let folder = TempFolder::new();
    let _daemon = TestDaemon::at(&folder.socket());
    let mut traffic = FrameConnection::to(&folder.socket()).await;
    let (stop, mut stopped) = oneshot::channel::<()>();
    let flowing = tokio::spawn(async move {
        let mut count = 0;
        while stopped.try_recv().is_err() {
            count += 1;
            traffic.call(count, end("traffic")).await;
        }
        count
    });
    let mut hostile = FrameConnection::to(&folder.socket()).await;
    let all = rejected("client-to-daemon");
    assert!(all.len() > 40, "only {} vectors", all.len());
    for (number, (id, bytes)) in all.iter().enumerate() {
        hostile.write(bytes).await;
        if let Ok(Frame { id: request, message }) = Frame::decode(bytes) {
            // A well-formed answer, though no client sends one.
            assert!(message.is_answer(), "{id}");
            assert_eq!(hostile.next().await, Some(Frame { id: request, message: Message::Ack }), "{id}");
        }
        hostile.call(1000 + number as u64, end(id)).await;
    }
    stop.send(()).expect("running traffic");
    assert!(soon("traffic", flowing).await.expect("no panic") > 0);
}

#[tokio::test]
async fn a_length_of_4_gib_allocates_nothing() {
    let folder = TempFolder::new();
    let _daemon = TestDaemon::at(&folder.socket());
    let mut other = FrameConnection::to(&folder.socket()).await;
    other.call(1, end("a")).await;
    let before = resident();
    for _ in 0..100 {
        let mut liar = FrameConnection::to(&folder.socket()).await;
        liar.write(&[0xFF; 4]).await;
        assert_eq!(liar.next().await, None, "the connection is closed");
    }
    // Lengths within the limit are accepted, but allocate nothing either.
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let mut liar = FrameConnection::to(&folder.socket()).await;
        liar.write(&[0x00, 0xFF, 0xFF, 0xFF, 0, 0]).await;
        waiting.push(liar);
    }
    other.call(2, end("a")).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_not_read_and_blocks_no_other() {
    let folder = TempFolder::new();
    let _daemon = TestDaemon::at(&folder.socket());
    let mut other = FrameConnection::to(&folder.socket()).await;
    other.call(1, Message::SessionStart(start(&"x".repeat(100_000)))).await;
    let mut deaf = FrameConnection::to(&folder.socket()).await;
    let (request_id, query) = (String::new(), SESSIONS.to_owned());
    let request = Request { request_id, session_id: String::new(), query, scope: Scope::AllSessions };
    let asking = Frame { id: 1, message: Message::Request(request) }.encode();
    let mut asked = 0;
    // Until nothing is taken while the other one is served many times.
    loop {
        let mut served = 0;
        let taken = loop {
            tokio::select! {
                biased;
                taken = deaf.stream.write(&asking) => break taken.expect("a daemon"),
                () = other.call(2, end("b")) => served += 1,
            }
            if served == 200 {
                break 0;
            }
        };
        if taken == 0 {
            break;
        }
        asked += taken;
        assert!(asked / asking.len() * 100_000 < 100 * TOO_MUCH, "it is still read");
    }
    other.call(3, end("b")).await;
}

#[tokio::test]
async fn one_daemon_owns_the_socket_and_replaces_a_stale_file() {
    let folder = TempFolder::new();
    let options = DaemonOptions::at(folder.socket());
    let daemon = TestDaemon::at(&folder.socket());
    let mode = std::fs::metadata(folder.socket()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(RpcDaemon::bind(&options), Err(DaemonError::Taken { .. })));
    let elsewhere = DaemonOptions { socket: folder.0.join("other.sock"), ..options.clone() };
    assert!(matches!(RpcDaemon::bind(&elsewhere), Err(DaemonError::JournalTaken { .. })));
    FrameConnection::to(&folder.socket()).await.call(1, end("a")).await;
    daemon.end().await;

    drop(std::os::unix::net::UnixListener::bind(folder.socket()).expect("a file that is stale at once"));
    let daemon = TestDaemon::at(&folder.socket());
    FrameConnection::to(&folder.socket()).await.call(1, end("a")).await;
    daemon.end().await;

    std::fs::write(folder.socket(), "precious").expect("a file");
    assert!(matches!(RpcDaemon::bind(&options), Err(DaemonError::NoSocket { .. })));
    assert_eq!(std::fs::read_to_string(folder.socket()).expect("the file"), "precious");
}

#[tokio::test]
async fn a_damaged_journal_is_reported_and_left_alone() {
    let folder = TempFolder::new();
    let options = DaemonOptions::at(folder.socket());
    let daemon = TestDaemon::at(&folder.socket());
    FrameConnection::to(&folder.socket()).await.call(1, Message::SessionStart(start("a"))).await;
    daemon.end().await;
    let mut journal = std::fs::read(&options.journal).expect("a journal");
    journal[20] ^= 1;
    std::fs::write(&options.journal, &journal).expect("a journal");
    assert!(matches!(RpcDaemon::bind(&options), Err(DaemonError::Damaged { .. })));
    assert_eq!(std::fs::read(&options.journal).expect("a journal"), journal);
}
