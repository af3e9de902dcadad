//! `stepwell sandbox`: the sandbox CRM and ERP alone.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::sandbox::{Sandbox, serve};

/// Arguments of `stepwell sandbox`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8081", env = "STEPWELL_SANDBOX_LISTEN")]
    pub listen: SocketAddr,
    /// End after this many seconds without any request.
    #[arg(long, value_name = "SECONDS")]
    pub idle_seconds: Option<u64>,
}

/// Serves both systems until the process is asked to end.
///
/// # Errors
/// The address cannot be listened on.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!("listening on {} for the sandbox failed; choose another address with --listen", args.listen)
    })?;
    let address = listener.local_addr().unwrap_or(args.listen);
    println!("sandbox CRM at http://{address}/crm and ERP at http://{address}/erp, records at http://{address}/");
    let sandbox = Sandbox::new();
    let idle = idle(sandbox.clone(), args.idle_seconds.map(Duration::from_secs));
    let end = async {
        tokio::select! {
            () = asked_to_end() => {}
            () = idle => {}
        }
    };
    serve(listener, sandbox, end).await;
    Ok(())
}

/// Ends once nobody has asked for anything for this long.
async fn idle(sandbox: Sandbox, longest: Option<Duration>) {
    let Some(longest) = longest else { return std::future::pending().await };
    while let Some(rest) = longest.checked_sub(sandbox.idle_for()).filter(|rest| !rest.is_zero()) {
        tokio::time::sleep(rest).await;
    }
}

async fn asked_to_end() {
    let mut terminated = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminated) => terminated,
        // Without the signal there is still ctrl-c.
        Err(_) => return tokio::signal::ctrl_c().await.unwrap_or(()),
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
