//! Requests and answers are forwarded whole and unchanged (TUN-12, TUN-13, TUN-15, TUN-25).

use relayspec_reference::tunnel::Encoding;

use super::local::LocalServer;
use super::public::{PublicAnswer, exchange, get, send};
use super::{TestAgent, TestCloud, tunnel};
use crate::soon;

const BOTH: [Encoding; 2] = [Encoding::Json, Encoding::MessagePack];

async fn controlled(encoding: Encoding) -> (TestCloud, TestAgent, LocalServer) {
    let mut local = LocalServer::start().await;
    let cloud = TestCloud::start().await;
    let agent = TestAgent::start(cloud.agents, local.address, encoding);
    let served = cloud.is_served();
    tokio::join!(served, async { local.next().await.answer_text("") });
    (cloud, agent, local)
}

/// Sends a request, and returns the request line that reached the local server.
async fn line_of(answer: impl Future<Output = PublicAnswer>, local: &mut LocalServer) -> String {
    let (_, line) = tokio::join!(answer, async {
        let request = local.next().await;
        let line = request.line.clone();
        request.answer_text("");
        line
    });
    line
}

#[tokio::test]
async fn requests_reach_the_local_server_unchanged() {
    let long = format!("/{}", "%20".repeat(15_000));
    for encoding in BOTH {
        let (cloud, _agent, mut local) = controlled(encoding).await;
        for target in ["/a%20b?x=1", "/a//b/../c?", "/%00%2F%2f\\?y=//z", "/?", "/{a}|'*", &long] {
            let line = line_of(get(cloud.public, target), &mut local).await;
            assert_eq!(line, format!("GET {target} HTTP/1.1"), "TUN-12");
        }
        for method in ["get", "PROPFIND", "M-SEARCH", "OPTIONS"] {
            let head = format!("{method} / HTTP/1.1\r\nHost: h\r\n");
            let line = line_of(send(cloud.public, &head, Some(b"")), &mut local).await;
            assert_eq!(line, format!("{method} / HTTP/1.1"), "TUN-12");
        }
    }
}

#[tokio::test]
async fn forwards_header_lines_in_order_without_hop_by_hop_headers() {
    let head = "POST / HTTP/1.1\r\nHost: demo.example:8080\r\nX-B: 1\r\nAccept: text/html\r\nX-A: 2\r\nKeep-Alive: x\r\n\
                accept: text/plain\r\nTE: trailers\r\nX-Hop: 3\r\nCookie: c=d\r\nProxy-Connection: x\r\nUpgrade: h2c\r\n\
                Connection: X-Hop\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: x\r\n\r\n";
    let answer = "HTTP/1.1 418 Short and stout\r\nSet-Cookie: a=1; Path=/\r\nX-1: gr\u{fc}n\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
                  Keep-Alive: timeout=5\r\nX-0: \r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n\
                  2\r\n\0\u{1}\r\n1;x=y\r\n\n\r\n0\r\n\r\n";
    for encoding in BOTH {
        let (cloud, _agent, mut local) = controlled(encoding).await;
        let (answered, (lines, body)) = tokio::join!(exchange(cloud.public, head.into()), async {
            let request = local.next().await;
            let parts = (request.lines.clone(), request.body.clone());
            request.answer(answer);
            parts
        });
        let expected = [
            "host: demo.example:8080",
            "x-b: 1",
            "accept: text/html",
            "accept: text/plain",
            "x-a: 2",
            "cookie: c=d",
            "expect: 100-continue",
            "content-length: 5",
        ];
        assert_eq!((lines, &body[..]), (expected.map(str::to_owned).to_vec(), &b"abcde"[..]), "TUN-12, TUN-25");
        assert_eq!((answered.status, answered.reason.as_str()), (418, "Short and stout"));
        assert_eq!(answered.of("set-cookie"), ["a=1; Path=/", "b=2"], "TUN-25");
        assert_eq!((answered.of("x-hop").len(), answered.of("keep-alive").len()), (0, 0), "TUN-12");
        assert_eq!(answered.of("date"), ["Thu, 01 Jan 1970 00:00:00 GMT"]);
        assert_eq!((answered.of("content-length"), answered.body.as_slice()), (vec!["3"], &b"\0\x01\n"[..]));
    }
}

#[tokio::test]
async fn forwards_answers_without_acting_on_them() {
    let gzip = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\xff";
    for encoding in BOTH {
        let (cloud, _agent, mut local) = controlled(encoding).await;
        for (head, answer, status, line, body) in [
            ("GET", &b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"[..], 302, "location: /b", &b""[..]),
            ("GET", gzip, 200, "content-encoding: gzip", b"\x1f\x8b\x08\xff"),
            ("GET", b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, "x: y", b""),
            ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n", 304, "etag: \"e\"", b""),
            ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 200, "content-length: 1234", b""),
            ("HEAD", b"HTTP/1.1 200 OK\r\nX: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "x: chunked", b""),
            ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "content-length: 1", b"x"),
            ("GET", b"HTTP/1.0 200 OK\r\nX: old\r\n\r\nto the end", 200, "x: old", b"to the end"),
            ("GET", b"HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", 599, "content-length: 0", b""),
        ] {
            let head = format!("{head} / HTTP/1.1\r\nHost: h\r\n");
            let (answered, ()) = tokio::join!(send(cloud.public, &head, None), async {
                local.next().await.answer(answer);
            });
            assert_eq!((answered.status, answered.body.as_slice()), (status, body), "TUN-13: {answered:?}");
            assert!(answered.lines.iter().any(|known| known == line), "{line}: {answered:?}");
            let lengths = usize::from(answered.status != 204 && answered.status != 304 && line != "x: chunked");
            assert_eq!(answered.of("content-length").len(), lengths, "an invented length: {answered:?}");
        }
    }
}

#[tokio::test]
async fn forwards_sixteen_mebibytes_both_ways() {
    let body: Vec<u8> = (0..16_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for encoding in BOTH {
        let (cloud, _agent, mut local) = controlled(encoding).await;
        let (answered, ()) = tokio::join!(send(cloud.public, "PUT / HTTP/1.1\r\nHost: h\r\n", Some(&body)), async {
            let request = local.next().await;
            assert!(request.body == body, "TUN-15");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            request.answer([head.as_bytes(), &body].concat());
        });
        assert!(answered.body == body, "TUN-15: {} {} bytes", answered.status, answered.body.len());
        let one_more = [&body[..], b"x"].concat();
        let refused = send(cloud.public, "PUT / HTTP/1.1\r\nHost: h\r\n", Some(&one_more)).await;
        assert_eq!(refused.status, 413, "TUN-24");
        let mut chunked = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1000001\r\n".to_vec();
        chunked.extend_from_slice(&one_more);
        assert_eq!(exchange(cloud.public, chunked).await.status, 413, "TUN-24");
    }
}

#[tokio::test]
async fn answers_two_hundred_concurrent_requests_in_reverse() {
    for encoding in BOTH {
        let (cloud, _agent, mut local) = controlled(encoding).await;
        let requests: Vec<_> = (0..200)
            .map(|number| {
                let public = cloud.public;
                tokio::spawn(async move { (number, get(public, &format!("/{number}")).await) })
            })
            .collect();
        let mut received = Vec::new();
        for _ in 0..200 {
            received.push(local.next().await);
        }
        for request in received.into_iter().rev() {
            let target = request.line.split(' ').nth(1).expect("a target").to_owned();
            request.answer_text(&target);
        }
        for request in requests {
            let (number, answered) = soon("an answer", request).await.expect("no panic");
            assert_eq!((answered.status, answered.text()), (200, format!("/{number}").as_str()), "TUN-20, TUN-11");
        }
    }
}

#[tokio::test]
async fn one_connection_carries_many_requests_on_both_sides() {
    let (cloud, _agent) = tunnel(LocalServer::saying("page").await, Encoding::MessagePack).await;
    let request =
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(50) + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answered = exchange(cloud.public, request.into()).await;
    let body = String::from_utf8(answered.body).expect("ASCII");
    assert_eq!((answered.status, body.matches("HTTP/1.1 200 OK").count()), (200, 50));
}

#[tokio::test]
async fn concurrent_uploads_do_not_deadlock() {
    let (cloud, _agent) = tunnel(LocalServer::saying("page").await, Encoding::MessagePack).await;
    let body = vec![7; 1 << 20];
    let uploads: Vec<_> = (0..64)
        .map(|_| {
            let (public, body) = (cloud.public, body.clone());
            tokio::spawn(async move { send(public, "PUT / HTTP/1.1\r\nHost: h\r\n", Some(&body)).await })
        })
        .collect();
    for upload in uploads {
        assert_eq!(soon("an answer", upload).await.expect("no panic").status, 200);
    }
}
