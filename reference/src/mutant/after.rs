//! Mutants of shutdown: they accept connections after the reference has stopped, or do not exit.

use std::future::pending;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::SelectedMutant;
use super::wire::head;

/// The suffix of the client's key (RFC 6455, section 1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// A shutdown that takes this long is late (WIRE-08).
const TOO_LATE: Duration = Duration::from_secs(7);
/// How long connections are accepted after shutdown.
const LATE: Duration = Duration::from_secs(2);

/// Completes when the process may exit after its reference has stopped.
pub(super) async fn stay(chosen: SelectedMutant, listener: TcpListener) {
    match chosen.mutant.name {
        "stays-on" => pending().await,
        "lives-on" => {
            drop(listener);
            sleep(TOO_LATE).await;
        }
        "takes-more" | "listens-on" => {
            let taking = async {
                while let Ok((guest, _)) = listener.accept().await {
                    let mut guest = BufReader::new(guest);
                    if let Ok(request) = head(&mut guest).await {
                        take(chosen, guest.get_mut(), &request).await;
                    }
                }
            };
            _ = timeout(LATE, taking).await;
        }
        _ => {}
    }
}

/// Accepts a connection after the reference has stopped, if the mutant does so.
pub(super) async fn take(chosen: SelectedMutant, guest: &mut (impl AsyncWrite + Unpin), request: &[u8]) {
    if !matches!(chosen.mutant.name, "takes-more" | "listens-on") {
        return;
    }
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let Some(key) = key else { return };
    let accept = STANDARD.encode(Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    if guest.write_all(answer.as_bytes()).await.is_ok() {
        sleep(LATE / 4).await;
    }
}
