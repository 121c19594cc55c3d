//! The token never appears in the log, at any level (TUN-05).

use std::io;
use std::sync::{Arc, Mutex};

use futures_util::SinkExt;
use relayspec_reference::tunnel::Encoding;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::local::LocalServer;
use super::public::get;
use super::{TOKEN, TestCloud, tunnel};
use crate::client::TestClient;

#[derive(Clone, Default)]
struct MemoryLog(Arc<Mutex<Vec<u8>>>);

impl io::Write for MemoryLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for MemoryLog {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_never_logged() {
    let log = MemoryLog::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(LevelFilter::TRACE).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for encoding in [Encoding::Json, Encoding::MessagePack] {
        let (cloud, agent) = tunnel(LocalServer::saying("page").await, encoding).await;
        assert_eq!(get(cloud.public, "/").await.status, 200);
        agent.kill().await;
        guess(&cloud).await;
        cloud.shutdown.send(()).expect("it runs");
        cloud.task.await.expect("no panic");
    }
    let log = String::from_utf8(log.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    assert!(log.contains("an agent serves") && log.contains("an agent is refused"), "{log}");
    assert!(!log.contains(TOKEN), "TUN-05: {log}");
}

/// Wrong and malformed attempts to authenticate, each of which contains the token.
async fn guess(cloud: &TestCloud) {
    for message in [
        json!({ "type": "Auth", "data": { "token": format!("{TOKEN}x") } }),
        json!({ "type": "Auth", "data": { "token": [TOKEN] } }),
        json!({ "type": "Ping", "data": { "timestamp": TOKEN } }),
        json!({ "type": TOKEN, "data": {} }),
    ] {
        let mut agent = TestClient::connect(cloud.agents, "/tunnel").await;
        agent.socket.send(Message::text(message.to_string())).await.expect("sent");
        assert_eq!(agent.closed_with().await, 1008, "TUN-03");
    }
}
