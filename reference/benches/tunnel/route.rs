//! The routes to the local server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::nginx::Nginx;
use crate::process::TunnelProcess;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteKind {
    Direct,
    Nginx,
    Json,
    MessagePack,
}

impl RouteKind {
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

pub(crate) struct Route {
    pub(crate) kind: RouteKind,
    pub(crate) address: SocketAddr,
    processes: Vec<TunnelProcess>,
    nginx: Option<Nginx>,
}

impl Route {
    pub(crate) async fn open(kind: RouteKind, local: &TunnelProcess) -> Result<Self, String> {
        let local = local.addresses[0];
        match kind {
            RouteKind::Direct => Ok(Self { kind, address: local, processes: Vec::new(), nginx: None }),
            RouteKind::Nginx => {
                let nginx = Nginx::start(local).await?;
                Ok(Self { kind, address: nginx.address, processes: Vec::new(), nginx: Some(nginx) })
            }
            RouteKind::Json => Self::tunnel(kind, local, "json").await,
            RouteKind::MessagePack => Self::tunnel(kind, local, "messagepack").await,
        }
    }

    async fn tunnel(kind: RouteKind, local: SocketAddr, encoding: &str) -> Result<Self, String> {
        let cloud = TunnelProcess::start(&["cloud"]).await;
        let [agents, public] = cloud.addresses[..] else {
            return Err("the cloud did not print its addresses".into());
        };
        let agent = TunnelProcess::start_silent(&["agent", &agents.to_string(), &local.to_string(), encoding]);
        for _ in 0..100 {
            if serves(public).await {
                return Ok(Self { kind, address: public, processes: vec![cloud, agent], nginx: None });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the agent does not serve".to_owned())
    }

    pub(crate) async fn close(self) {
        for process in self.processes {
            process.stop().await;
        }
        if let Some(nginx) = self.nginx {
            nginx.stop().await;
        }
    }
}

async fn serves(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = "GET /1 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200 ")
}
