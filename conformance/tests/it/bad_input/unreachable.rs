//! URLs at which no relay answers: exit status 3, with the problem in both reports.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{RefusingPort, TcpServer, TestRun, assert_shown, test_run};

/// Tests a URL. The run has to end before it begins, and all reports have to say so.
async fn tested(name: &str, url: &str) -> TestRun {
    let tested = test_run(name, ["server", url, "--handshake-deadline", "300ms"]).await;
    assert_eq!((tested.ran.status, tested.ran.err.as_str()), (3, ""), "{}", tested.ran.out);
    assert_eq!((tested.report.subjects.len(), tested.report.scenarios.len()), (0, 0));
    let problem = tested.report.problem.clone().expect("a problem");
    let shown: String = tested.ran.out.split_whitespace().collect();
    assert!(shown.contains(&problem.split_whitespace().collect::<String>()), "{problem}\n{}", tested.ran.out);
    assert_eq!((tested.junit.tests, tested.junit.errors), (1, 1));
    tested
}

/// A server that reads the request, answers with these bytes and closes the connection.
async fn answering(bytes: &'static str) -> TcpServer {
    TcpServer::tcp(move |mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(bytes.as_bytes()).await;
    })
    .await
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
}

#[tokio::test]
async fn nothing_listens() {
    assert_shown!(tested("refused", &RefusingPort::new().url()).await.ran.shown());
}

#[tokio::test]
async fn the_server_does_not_use_tls() {
    let server = TcpServer::tcp(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    assert_shown!(tested("no-tls", &server.url().replace("ws:", "wss:")).await.ran.shown());
}

#[tokio::test]
async fn the_handshake_is_never_answered() {
    let server = TcpServer::tcp(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    assert_shown!(tested("silent", &server.url()).await.ran.shown());
}

#[tokio::test]
async fn the_connection_ends_at_once() {
    let server = TcpServer::tcp(|stream| async move { drop(stream) }).await;
    let out = tested("ends", &server.url()).await.ran.shown();
    // The end may or may not arrive before the request is sent.
    assert_shown!(
        out.replace(": Connection reset by peer (os error 104)", "").replace(": Broken pipe (os error 32)", "")
    );
}

#[tokio::test]
async fn the_handshake_is_answered_wrongly() {
    let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let mut shown = String::new();
    for (name, answer) in [
        ("404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
        ("404-without-reason", "HTTP/1.1 404\r\n\r\n".to_owned()),
        ("redirect", "HTTP/1.1 301 Moved Permanently\r\nLocation: /elsewhere\r\n\r\n".to_owned()),
        ("garbage", "SSH-2.0-OpenSSH_9.2p1 \x1b[31mred\x1b[0m\r\n".to_owned()),
        ("binary", "\x15\x03\x01\0\x02\x02\x28".to_owned()),
        ("endless-head", "x".repeat(20_000)),
        ("half-a-head", switching.to_owned()),
        ("no-accept", format!("{switching}\r\n")),
        ("wrong-accept", format!("{switching}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")),
        (
            "another-protocol",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n".to_owned(),
        ),
    ] {
        let server = answering(answer.leak()).await;
        let tested = tested(name, &server.url()).await;
        shown += &format!("# {name}\n{}\n", tested.ran.shown());
    }
    assert_shown!(shown);
}
