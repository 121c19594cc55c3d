//! Somebody in the middle of the public side: passes on each request and its answer between the judge and a cloud, but for one flaw.

use std::io::Result;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::Server;

/// What all connections of one run share.
#[derive(Debug, Default)]
struct State {
    /// How many clients went away before their answer.
    gone: usize,
    /// Whether somebody got 502.
    was_lost: bool,
    /// How many clients are connected that have said nothing.
    silent: usize,
}

/// What comes of the beginning of a request.
enum Request {
    Onward(Vec<u8>),
    /// It is answered here, and perhaps passed on nevertheless.
    Answered(&'static str, Option<Vec<u8>>),
}

/// Starts somebody in front of the public port at this address.
pub(super) async fn start(cloud: &str, flaw: &str) -> Server {
    let (cloud, flaw, state) = (cloud.to_owned(), flaw.to_owned(), Arc::<Mutex<State>>::default());
    Server::tcp(move |stream| {
        let (cloud, flaw, state) = (cloud.clone(), flaw.clone(), Arc::clone(&state));
        async move {
            // Whoever goes away in the midst of it is no fault of ours.
            let _ = serve(stream, &cloud, &flaw, &state).await;
        }
    })
    .await
}

async fn serve(mut client: TcpStream, cloud: &str, flaw: &str, state: &Mutex<State>) -> Result<()> {
    client.set_nodelay(true)?;
    let mut bytes = vec![0; 64 << 10];
    let is_crowded = {
        let mut state = state.lock().expect("no panic");
        state.silent += 1;
        flaw == "seats-for-a-hundred" && state.silent > 100
    };
    let read = client.read(&mut bytes).await;
    state.lock().expect("no panic").silent -= 1;
    let first = bytes[..read?].to_vec();
    let method = String::from_utf8_lossy(first.split(|byte| *byte == b' ').next().unwrap_or_default()).into_owned();
    if is_crowded || flaw == "leaks-seats" && state.lock().expect("no panic").gone > 100 {
        return client.write_all(b"HTTP/1.1 503 Crowded\r\nContent-Length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(cloud).await?;
    server.set_nodelay(true)?;
    match request(flaw, first) {
        Request::Onward(first) => server.write_all(&first).await?,
        Request::Answered(answer, first) => {
            client.write_all(answer.as_bytes()).await?;
            server.write_all(&first.unwrap_or_default()).await?;
            sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
    }
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let asking = async {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            to_server.write_all(&bytes[..count]).await?;
        }
        Result::Ok(())
    };
    let answering = async {
        let mut bytes = vec![0; 64 << 10];
        let count = from_server.read(&mut bytes).await?;
        if flaw == "slow-public" {
            sleep(Duration::from_millis(60)).await;
        }
        let Some(first) = answer(flaw, &method, &bytes[..count], state) else {
            return Ok(false);
        };
        to_client.write_all(&first).await?;
        while let count @ 1.. = from_server.read(&mut bytes).await? {
            to_client.write_all(&bytes[..count]).await?;
        }
        Result::Ok(true)
    };
    tokio::select! {
        _ = asking => {
            state.lock().expect("no panic").gone += 1;
            if flaw == "completes-requests" {
                to_server.write_all(&[b'x'; 100]).await?;
                sleep(Duration::from_millis(20)).await;
            }
        }
        answered = answering => if !answered? { std::future::pending::<()>().await },
    }
    Ok(())
}

/// The beginning of a request, as the flaw has it.
fn request(flaw: &str, bytes: Vec<u8>) -> Request {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let without = |line: &str| {
        let text = if text.contains("smuggled") { text.replacen(line, "", 1) } else { text.clone() };
        Request::Onward(latin(&text))
    };
    let is_large = text.contains("Length: 1099511627776");
    match flaw {
        "trusts-lengths" if text.contains("Content-Length") => without("Transfer-Encoding: chunked\r\n"),
        "takes-the-first-length" => without("Content-Length: 49\r\n"),
        "takes-a-list-of-lengths" => without(", 49"),
        "takes-signed-lengths" => without("+"),
        "takes-any-coding" => without("Transfer-Encoding: xchunked\r\n"),
        "forgives-blanks" => Request::Onward(latin(&text.replace("Encoding :", "Encoding:"))),
        "takes-one-host" => Request::Onward(latin(&text.replace("Host: other.example\r\n", ""))),
        "takes-signed-chunks" => Request::Onward(latin(&text.replace("\r\n+1\r\n", "\r\n1\r\n"))),
        "takes-large-bodies" if is_large => Request::Onward(latin(&text.replace("Length: 1099511627776", "Length: 0"))),
        "asks-and-refuses" if is_large => Request::Answered(
            "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n",
            Some(latin(&text.replace("Length: 1099511627776", "Length: 0"))),
        ),
        "knows-few-methods" if text.starts_with("PROPFIND") => {
            Request::Answered("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n", None)
        }
        _ => Request::Onward(bytes),
    }
}

/// The beginning of an answer, as the flaw has it; nothing where none is given.
fn answer(flaw: &str, method: &str, bytes: &[u8], state: &Mutex<State>) -> Option<Vec<u8>> {
    let at = bytes.windows(4).position(|end| end == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (head, body) = bytes.split_at(at);
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let with_status = |status: u16| Some(head.replacen(&head[9..12], &status.to_string(), 1));
    let without = |name: &str| {
        let lines = head.split_inclusive("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with(name));
        Some(lines.collect::<String>())
    };
    let with = |line: &str| Some(head.replacen("\r\n", &format!("\r\n{line}\r\n"), 1));
    let changed = match (flaw, status) {
        ("no-agent-is-502", 503) => with_status(502),
        ("lost-is-503", 502) => with_status(503),
        ("hangs-up", 502) => return Some(Vec::new()),
        ("late-is-502", 504) => with_status(502),
        ("waits-forever-for-answers", 504) => return None,
        ("too-large-is-400", 413) => with_status(400),
        ("loses-all", 502) => {
            state.lock().expect("no panic").was_lost = true;
            None
        }
        ("loses-all", 200) if state.lock().expect("no panic").was_lost => with_status(502),
        ("passes-hop-by-hop-back", 200) => with("Keep-Alive: timeout=77"),
        ("drops-too-much", _) => without("x-kept"),
        ("head-without-length", _) if method == "HEAD" => without("content-length"),
        ("forgets-etags", 304) => without("etag"),
        ("frames-nothing", 204) => with("Content-Length: 0"),
        ("follows-redirects", 302) => with_status(200),
        ("tells-no-encoding", _) => without("content-encoding"),
        ("claims-gzip", 206) => with("Content-Encoding: gzip"),
        ("own-error-pages", 418) => {
            return Some(format!("{}oops!!!!!!!!!!!", without("").unwrap_or(head)).into_bytes());
        }
        ("knows-few-statuses", 599) => with_status(500),
        ("drops-challenges", 401) => without("www-authenticate"),
        ("retries", 503) => without("retry-after"),
        ("injects", 502) => with("X-Injected: b"),
        ("one-cookie", _) => {
            let mut seen = 0;
            let lines = head.split_inclusive("\r\n").filter(|line| {
                seen += usize::from(line.starts_with("set-cookie"));
                !line.starts_with("set-cookie") || seen == 1
            });
            Some(lines.collect())
        }
        _ => None,
    };
    let mut bytes = latin(&changed.unwrap_or(head));
    bytes.extend_from_slice(body);
    Some(bytes)
}

fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}
