//! `stepwell sandbox`: runs only the sandbox CRM and ERP.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;

use crate::sandbox::{Profile, Sandbox, WebhookSettings, WebhookTarget, serve};

/// Arguments of `stepwell sandbox`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8081", env = "STEPWELL_SANDBOX_LISTEN")]
    pub listen: SocketAddr,
    /// The company whose systems it simulates: `one-world`, `single-company` or `large` (docs/sandbox.md).
    #[arg(long, value_name = "NAME", default_value = "one-world", env = "STEPWELL_SANDBOX_PROFILE")]
    pub profile: &'static Profile,
    /// Exit after this many seconds without a request.
    #[arg(long, value_name = "SECONDS")]
    pub idle_seconds: Option<u64>,
    /// Where the CRM sends change events, such as http://127.0.0.1:8080/hooks/salesforce. By default none are sent.
    #[arg(long, value_name = "URL", env = "STEPWELL_SANDBOX_CRM_WEBHOOK")]
    pub crm_webhook: Option<String>,
    /// Key that signs the CRM's events: `whsec_` and base64, as in Standard Webhooks.
    #[arg(long, value_name = "SECRET", env = "STEPWELL_SANDBOX_CRM_WEBHOOK_SECRET", hide_env_values = true)]
    pub crm_webhook_secret: Option<String>,
    /// Types of records to send events for (default: all).
    #[arg(long, value_name = "TYPES", env = "STEPWELL_SANDBOX_CRM_WEBHOOK_TYPES", value_delimiter = ',')]
    pub crm_webhook_types: Vec<String>,
    /// Where the ERP sends change events, such as http://127.0.0.1:8080/hooks/netsuite. By default none are sent.
    #[arg(long, value_name = "URL", env = "STEPWELL_SANDBOX_ERP_WEBHOOK")]
    pub erp_webhook: Option<String>,
    /// Key that signs the ERP's events, in the same format.
    #[arg(long, value_name = "SECRET", env = "STEPWELL_SANDBOX_ERP_WEBHOOK_SECRET", hide_env_values = true)]
    pub erp_webhook_secret: Option<String>,
    /// Types of records to send events for (default: all).
    #[arg(long, value_name = "TYPES", env = "STEPWELL_SANDBOX_ERP_WEBHOOK_TYPES", value_delimiter = ',')]
    pub erp_webhook_types: Vec<String>,
}

/// Serves both systems until the process is asked to stop.
///
/// # Errors
/// The address cannot be bound, or the webhook options are inconsistent.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let crm = target("crm", args.crm_webhook, args.crm_webhook_secret, args.crm_webhook_types)?;
    let erp = target("erp", args.erp_webhook, args.erp_webhook_secret, args.erp_webhook_types)?;
    let listener = crate::http::wire::serve::listen(args.listen).with_context(|| {
        format!("listening on {} for the sandbox failed; choose another address with --listen", args.listen)
    })?;
    let address = listener.local_addr().unwrap_or(args.listen);
    println!("sandbox CRM at http://{address}/crm and ERP at http://{address}/erp, records at http://{address}/");
    println!("profile {}: {}", args.profile.name, args.profile.summary);
    let sandbox = Sandbox::of(args.profile).with_webhooks(crm, erp);
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

fn target(
    system: &str,
    url: Option<String>,
    secret: Option<String>,
    types: Vec<String>,
) -> anyhow::Result<Option<WebhookTarget>> {
    let Some(url) = url else { return Ok(None) };
    let secret = secret.with_context(|| {
        format!("webhooks of the {system} are signed: set --{system}-webhook-secret to the secret of the source that receives them")
    })?;
    let settings = WebhookSettings { url, secret, types };
    settings.target().map(Some).map_err(|why| anyhow::anyhow!("--{system}-webhook is invalid: {why}"))
}

/// Completes after this long without a request.
async fn idle(sandbox: Sandbox, longest: Option<Duration>) {
    let Some(longest) = longest else { return std::future::pending().await };
    while let Some(rest) = longest.checked_sub(sandbox.idle_for()).filter(|rest| !rest.is_zero()) {
        tokio::time::sleep(rest).await;
    }
}

async fn asked_to_end() {
    let mut terminated = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminated) => terminated,
        // Without SIGTERM there is still Ctrl-C.
        Err(_) => return tokio::signal::ctrl_c().await.unwrap_or(()),
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
