//! The ways to the local server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::nginx::Nginx;
use crate::part::Part;

/// A way to the local server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    Nginx,
    Json,
    MessagePack,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Direct, Self::Nginx, Self::Json, Self::MessagePack];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "the local server alone",
            Self::Nginx => "nginx",
            Self::Json => "tunnel, JSON",
            Self::MessagePack => "tunnel, MessagePack",
        }
    }
}

/// A way that is open.
pub(crate) struct Route {
    pub(crate) kind: Kind,
    /// Where requests go.
    pub(crate) address: SocketAddr,
    parts: Vec<Part>,
    nginx: Option<Nginx>,
}

impl Route {
    pub(crate) async fn open(kind: Kind, local: &Part) -> Result<Self, String> {
        let local = local.addresses[0];
        match kind {
            Kind::Direct => Ok(Self { kind, address: local, parts: Vec::new(), nginx: None }),
            Kind::Nginx => {
                let nginx = Nginx::start(local).await?;
                Ok(Self { kind, address: nginx.address, parts: Vec::new(), nginx: Some(nginx) })
            }
            Kind::Json => Self::tunnel(kind, local, "json").await,
            Kind::MessagePack => Self::tunnel(kind, local, "messagepack").await,
        }
    }

    async fn tunnel(kind: Kind, local: SocketAddr, encoding: &str) -> Result<Self, String> {
        let cloud = Part::start(&["cloud"]).await;
        let [agents, public] = cloud.addresses[..] else {
            return Err("the cloud does not say where it listens".into());
        };
        let agent = Part::start_silent(&["agent", &agents.to_string(), &local.to_string(), encoding]);
        for _ in 0..100 {
            if serves(public).await {
                return Ok(Self { kind, address: public, parts: vec![cloud, agent], nginx: None });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the agent does not serve".to_owned())
    }

    pub(crate) async fn close(self) {
        for part in self.parts {
            part.stop().await;
        }
        if let Some(nginx) = self.nginx {
            nginx.stop().await;
        }
    }
}

/// Whether a request is answered by the local server.
async fn serves(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = "GET /1 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200 ")
}
