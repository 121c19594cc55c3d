//! The relay: many viewers, scrollback, slow readers, losses.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use relayspec::timing::Parameter;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{host, next, serve, show, viewer};
use crate::client::TestClient;
use crate::soon;

/// Waits until the relay has read everything so far: it answers another `register` in order.
async fn wait_until_read(host: &mut TestClient) {
    host.send(json!({ "type": "register", "client_id": "me" })).await;
    assert_eq!(next(host).await["type"], "registered");
}

#[tokio::test]
async fn bytes_and_messages_reach_every_viewer_and_the_host() {
    let (address, _relay) = serve(&[]).await;
    let (mut host, code) = host(address).await;
    show(&mut host, b"\x011before").await;
    host.send(json!({ "type": "session_list", "sessions": [] })).await;
    wait_until_read(&mut host).await;
    let mut viewers = [viewer(address, &code).await, viewer(address, &code.to_lowercase()).await];
    for _ in &viewers {
        assert_eq!(next(&mut host).await["type"], "browser_connected", "TERM-10");
    }
    show(&mut host, b"\x011\xFF\0live").await;
    host.send(json!({ "type": "session_resize", "session_id": "1", "cols": 8e1, "rows": 24 })).await;
    for viewer in &mut viewers {
        assert_eq!(next(viewer).await, json!(b"\x011before"), "TERM-30");
        assert_eq!(next(viewer).await, json!(b"\x011\xFF\0live"), "TERM-20");
        assert_eq!(next(viewer).await["cols"], 80, "TERM-22");
        viewer.send(json!({ "type": "close_session", "session_id": "2" })).await;
        show(viewer, b"\x011ls\n").await;
        assert_eq!(next(&mut host).await, json!(b"\x012{\"type\":\"close_session\"}"), "TERM-24");
        assert_eq!(next(&mut host).await, json!(b"\x011ls\n"), "TERM-21");
    }
    let [first, mut second] = viewers;
    drop(first);
    assert_eq!(next(&mut host).await["type"], "browser_disconnected", "TERM-11");
    drop(host);
    assert_eq!(next(&mut second).await["type"], "error", "TERM-40");
    assert_eq!(second.closed_with().await, 1000, "TERM-40");
    let mut late = TestClient::connect(address, "/ws").await;
    late.send(json!({ "type": "auth", "session_code": code })).await;
    assert_eq!(next(&mut late).await["type"], "auth_failed", "TERM-40");
    assert_eq!(late.closed_with().await, 1008, "TERM-03");
}

#[tokio::test]
async fn refuses_invalid_first_messages() {
    let (address, _relay) = serve(&[(Parameter::AuthTimeout, Duration::from_millis(200))]).await;
    for first in [Message::text("{"), Message::binary(b"\x011x".to_vec())] {
        let mut client = TestClient::connect(address, "/ws").await;
        client.socket.send(Message::Ping("x".into())).await.expect("sent");
        client.socket.send(first).await.expect("sent");
        assert_eq!(next(&mut client).await["type"], "error", "TERM-04");
        assert!(client.closed().await.is_some(), "TERM-04");
    }
    let (mut host, _) = host(address).await;
    let mut silent = TestClient::connect(address, "/ws").await;
    let before = Instant::now();
    assert!(silent.closed().await.is_some(), "TERM-05");
    assert!(before.elapsed() >= Duration::from_millis(150), "TERM-05: too early");
    host.send(json!({ "type": "register", "client_id": "me" })).await;
    assert_eq!(next(&mut host).await["type"], "registered", "a host that has registered may be silent");
}

#[tokio::test]
async fn a_late_viewer_gets_the_latest_mebibyte_in_order_while_output_continues() {
    let (address, _relay) = serve(&[]).await;
    let (mut host, code) = host(address).await;
    let message = |number: u32| [b"\x011", number.to_be_bytes().as_slice(), &[7; 1000]].concat();
    for number in 0..3000 {
        show(&mut host, &message(number)).await;
    }
    wait_until_read(&mut host).await;
    let mut viewer = viewer(address, &code).await;
    for number in 3000..3500 {
        show(&mut host, &message(number)).await;
    }
    let mut expected = 3000 - (1_u32 << 20).div_ceil(1006);
    while expected < 3500 {
        assert_eq!(next(&mut viewer).await, json!(message(expected)), "TERM-30");
        expected += 1;
    }
}

#[tokio::test]
async fn empty_payloads_pass_as_fast_with_a_full_scrollback() {
    let (address, _relay) = serve(&[]).await;
    let (mut host, code) = host(address).await;
    let mut viewer = viewer(address, &code).await;
    assert_eq!(next(&mut host).await["type"], "browser_connected");
    let pouring = tokio::spawn(async move {
        for number in 0..100_000_u32 {
            host.socket
                .feed(Message::binary([&[4], number.to_be_bytes().map(|byte| byte & 0x7F).as_slice()].concat()))
                .await?;
        }
        host.socket.flush().await?;
        Ok::<_, tokio_tungstenite::tungstenite::Error>(host)
    });
    for number in 0..100_000_u32 {
        let id = number.to_be_bytes().map(|byte| byte & 0x7F);
        assert_eq!(next(&mut viewer).await, json!([&[4], id.as_slice()].concat()), "TERM-20");
    }
    soon("the host", pouring).await.expect("no panic").expect("sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_is_closed_soon_and_the_others_continue() {
    let (address, _relay) = serve(&[]).await;
    let (mut host, code) = host(address).await;
    let mut stalled = viewer(address, &code).await;
    let mut reader = viewer(address, &code).await;
    let chunk = |number: u32| [b"\x011".as_slice(), &number.to_be_bytes(), &[7; 100_000]].concat();
    let pouring = tokio::spawn(async move {
        for number in 0..300 {
            show(&mut host, &chunk(number)).await;
        }
        host
    });
    let before = Instant::now();
    for number in 0..300 {
        assert_eq!(next(&mut reader).await, json!(chunk(number)), "TERM-20");
    }
    assert!(before.elapsed() > Duration::from_secs(4), "the stalled viewer was not waited for");
    soon("the host", pouring).await.expect("no panic");
    // Some of its data is lost; the end of the connection shows that.
    stalled.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_blocks_only_its_own_session() {
    let (address, _relay) = serve(&[]).await;
    let (mut host, code) = host(address).await;
    let stalled = viewer(address, &code).await;
    let (mut other_host, other_code) = super::host(address).await;
    let mut other_viewer = viewer(address, &other_code).await;
    assert_eq!(next(&mut other_host).await["type"], "browser_connected");
    let mut sent = 0;
    let chunk = [b"\x011".as_slice(), &[7; 100_000]].concat();
    loop {
        let message = Message::binary(chunk.clone());
        if tokio::time::timeout(Duration::from_millis(300), host.socket.send(message)).await.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 640, "WIRE-11: 64 MB are buffered for a viewer that does not read");
    }
    for _ in 0..100 {
        show(&mut other_host, b"\x011x").await;
        assert_eq!(next(&mut other_viewer).await, json!(b"\x011x"), "WIRE-10");
    }
    drop(stalled);
    let mut late = viewer(address, &code).await;
    assert_eq!(next(&mut late).await, json!(chunk), "the host continues when the viewer is gone");
}
