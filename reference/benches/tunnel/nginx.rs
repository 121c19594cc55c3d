//! nginx in the foreground, with a temporary configuration.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Nginx {
    /// Starts nginx, if it is installed.
    pub(crate) async fn start(local: SocketAddr) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("relayspec-bench-nginx-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let address = free_address();
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configured(&folder.display().to_string(), address, local))
            .map_err(|error| error.to_string())?;
        let mut command = Command::new("nginx");
        command.arg("-e").arg("stderr").arg("-c").arg(&configuration).arg("-p").arg(&folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().map_err(|error| format!("nginx does not start: {error}"))?;
        let mut nginx = Self { address, process, folder };
        for _ in 0..100 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        nginx.end().await;
        Err("nginx does not listen".to_owned())
    }

    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        if let Some(id) = self.process.id() {
            let id = rustix::process::Pid::from_raw(id.cast_signed()).expect("an id");
            _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        _ = self.process.wait().await;
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// A careful configuration: keep-alive on both sides, no log, nothing on disk.
fn configured(folder: &str, address: SocketAddr, local: SocketAddr) -> String {
    format!(
        "daemon off;
worker_processes 2;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 32m;
    keepalive_requests 100000000;
    tcp_nodelay on;
    upstream local {{ server {local}; keepalive 256; keepalive_requests 100000000; }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://local;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $host;
            proxy_buffers 16 64k;
            proxy_buffer_size 64k;
            proxy_busy_buffers_size 128k;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"
    )
}
