//! Types a command into a shell, and compares every byte of its output.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// The most bytes of one read; even.
const BUFFER: usize = 64 << 10;
/// A time-out that only a failure exceeds.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause of a slow reader halfway; shorter than the relay's limit.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    Fast,
    /// So many bytes per second, with a pause halfway.
    Slow(f64),
}

pub(crate) async fn settle(screen: &mut (impl AsyncRead + Unpin), keys: &mut (impl AsyncWrite + Unpin)) {
    assert!(read(screen, &mut [0; BUFFER]).await > 0, "there is no prompt");
    type_in(keys, "PS1= PS2=; stty raw -echo; printf 'SETT''LED'\r").await;
    skip(screen, b"SETTLED").await;
}

/// Makes the shell write so many bytes, and returns how long they took to arrive.
pub(crate) async fn pour(
    screen: &mut (impl AsyncRead + Unpin),
    keys: &mut (impl AsyncWrite + Unpin),
    bytes: usize,
    pace: Pace,
) -> Duration {
    let pattern = b"y\n".repeat(BUFFER / 2 + 1);
    let mut buffer = vec![0; BUFFER];
    type_in(keys, &format!("printf 'STA''RT'; yes | head -c {bytes}; printf 'EN''D'\n")).await;
    let mut rest = skip(screen, b"START").await;
    let start = Instant::now();
    let mut seen = 0;
    loop {
        let length = if rest.is_empty() { read(screen, &mut buffer).await } else { rest.len() };
        let new = if rest.is_empty() { &buffer[..length] } else { &rest[..] };
        let of_it = new.len().min(bytes - seen);
        let odd = seen % 2;
        assert!(new[..of_it] == pattern[odd..odd + of_it], "the bytes from {seen} on are not what the shell wrote");
        let was_before_half = seen < bytes / 2;
        seen += of_it;
        if seen == bytes {
            let taken = start.elapsed();
            let mut end = new[of_it..].to_vec();
            while end.len() < 3 {
                let length = read(screen, &mut buffer).await;
                end.extend(&buffer[..length]);
            }
            assert_eq!(end, b"END", "the output after the last byte is not what the shell wrote");
            return taken;
        }
        rest.clear();
        if let Pace::Slow(pace) = pace {
            if was_before_half && seen >= bytes / 2 {
                sleep(PAUSE).await;
            }
            sleep(Duration::from_secs_f64(seen as f64 / pace).saturating_sub(start.elapsed())).await;
        }
    }
}

async fn type_in(keys: &mut (impl AsyncWrite + Unpin), text: &str) {
    keys.write_all(text.as_bytes()).await.expect("typed");
    keys.flush().await.expect("typed");
}

async fn skip(screen: &mut (impl AsyncRead + Unpin), marker: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = read(screen, &mut buffer).await;
        seen.extend(&buffer[..length]);
        if let Some(at) = seen.windows(marker.len()).position(|window| window == marker) {
            return seen.split_off(at + marker.len());
        }
    }
}

async fn read(screen: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> usize {
    let read = timeout(PATIENCE, screen.read(buffer)).await.expect("the output has stalled");
    let length = read.expect("read");
    assert!(length > 0, "the output ended early");
    length
}
