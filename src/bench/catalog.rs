//! `stepwell bench --catalog N`: measures catalog-nightly over N items between the sandbox's systems, next to the same
//! requests without Stepwell.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::body::Bytes;
use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};

use super::node::{BenchNode, Setup};
use super::process;
use super::report::Saturated;
use crate::sandbox::{self, Door, Reply, Sandbox};

const CRM_TOKEN: &str = "sandbox-crm-token";
const ERP_TOKEN: &str = "sandbox-erp-token";
/// Items per SuiteQL page.
const PAGE: usize = 1_000;
/// Records per collection request.
const COLLECTION: usize = 200;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Postgres server to measure on. A separate database is created there and dropped at the end.
    pub database_url: String,
    /// Folder of the shipped workflows.
    pub workflows: PathBuf,
    /// Number of items in the ERP.
    pub items: usize,
}

/// Result of one pass over the catalog.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: String,
    items: usize,
    seconds: f64,
    items_per_second: f64,
    node_cpu_seconds: f64,
    postgres_cpu_seconds: f64,
    wal_bytes: u64,
    /// Peak memory of the node after a pass over a tenth of the items, and after a pass over all.
    peak_bytes_of_a_tenth: u64,
    peak_bytes: u64,
    /// Time for the same requests, made sequentially without Stepwell.
    bare_seconds: f64,
    /// Duration of the pass relative to `bare_seconds`.
    ratio: f64,
}

/// Runs the measurement.
///
/// # Errors
/// The node does not start, or a pass fails.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let (address, sandbox) = serve().await?;
    let base = |system: &str| format!("http://{address}/{system}");
    let environment = vec![
        ("STEPWELL_CONNECTIONS__NETSUITE__BASE_URL", base("erp")),
        ("STEPWELL_CONNECTIONS__SALESFORCE__BASE_URL", base("crm")),
        ("STEPWELL_SECRET_NETSUITETOKEN", ERP_TOKEN.to_owned()),
        ("STEPWELL_SECRET_SALESFORCETOKEN", CRM_TOKEN.to_owned()),
        ("STEPWELL_SECRET_NETSUITEWEBHOOK", super::node::SECRET.to_owned()),
        ("STEPWELL_SECRET_SALESFORCEWEBHOOK", super::node::SECRET.to_owned()),
    ];
    let setup = Setup { workflows: Some(plan.workflows.clone()), target: address, environment };
    let node = BenchNode::start(&plan.database_url, &setup).await?;
    let measured = measure(plan, &node, &sandbox).await;
    node.stop().await?;
    measured
}

async fn serve() -> anyhow::Result<(SocketAddr, Sandbox)> {
    let sandbox = Sandbox::new();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(sandbox::serve(listener, sandbox.clone(), std::future::pending()));
    Ok((address, sandbox))
}

async fn measure(plan: &Plan, node: &BenchNode, sandbox: &Sandbox) -> anyhow::Result<Report> {
    let tenth = plan.items / 10;
    add_items(sandbox, 0, tenth)?;
    pass(node, tenth).await?;
    let peak_bytes_of_a_tenth = node.peak_bytes();
    add_items(sandbox, tenth, plan.items)?;
    let done = node.metered(pass(node, plan.items)).await?;
    let peak_bytes = node.peak_bytes();
    let bare_seconds = bare(plan.items).await?.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let items_per_second = plan.items as f64 / done.seconds;
    Ok(Report {
        machine: process::machine(),
        items: plan.items,
        seconds: done.seconds,
        items_per_second,
        node_cpu_seconds: done.node_cpu_seconds,
        postgres_cpu_seconds: done.postgres_cpu_seconds,
        wal_bytes: done.wal_bytes,
        peak_bytes_of_a_tenth,
        peak_bytes,
        bare_seconds,
        ratio: done.seconds / bare_seconds,
    })
}

/// Adds items to those of the seed.
fn add_items(sandbox: &Sandbox, from: usize, to: usize) -> anyhow::Result<()> {
    for n in from..to {
        let item = json!({
            "itemId": format!("I-{n}"),
            "displayName": format!("Roller conveyor module {n}"),
            "salesDescription": format!("Roller conveyor module {n}, 2 m, 0.37 kW, galvanized"),
        });
        let request = http::Request::post("/erp/services/rest/record/v1/inventoryItem")
            .header("authorization", format!("Bearer {ERP_TOKEN}"))
            .header("content-type", "application/json")
            .body(Bytes::from(item.to_string()))?;
        let door = Door::of("/erp/services/rest/record/v1/inventoryItem").context("the sandbox's ERP")?;
        match sandbox.answer(door, request, Utc::now()) {
            Reply::Answered(response, _) if response.status().is_success() => {}
            _ => bail!("the sandbox did not take the item {n}"),
        }
    }
    Ok(())
}

/// Runs a full pass and waits for the end of its run.
async fn pass(node: &BenchNode, items: usize) -> anyhow::Result<Saturated> {
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}/api/v1/{path}", node.address());
    let began = Instant::now();
    let start = client.post(url("workflows/crm-erp/catalog-nightly/runs")).bearer_auth(node.token());
    let run: Value = start.json(&json!({ "mode": "full" })).send().await?.error_for_status()?.json().await?;
    let id = run["id"].as_str().context("the id of the pass's run")?.to_owned();
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let run = client.get(url(&format!("runs/{id}"))).bearer_auth(node.token()).send().await?;
        let run: Value = run.error_for_status()?.json().await?;
        match run["status"].as_str() {
            Some("completed") => {
                let (done, failed) = (run["output"]["done"].as_u64(), run["output"]["failed"].as_u64());
                if failed != Some(0) || done.is_none_or(|done| done < items as u64) {
                    bail!("the pass did not take all: {}", run["output"]);
                }
                return Ok(Saturated { runs: items as u64, seconds: began.elapsed().as_secs_f64() });
            }
            Some("faulted" | "cancelled") => bail!("the pass ended: {}", run["error"]),
            _ => {}
        }
    }
}

/// Makes the same page and collection requests between fresh systems, without recording or retries.
async fn bare(items: usize) -> anyhow::Result<Duration> {
    let (address, sandbox) = serve().await?;
    add_items(&sandbox, 0, items)?;
    let client = reqwest::Client::new();
    let began = Instant::now();
    let mut last = 0_u64;
    loop {
        let q = format!(
            "select id, itemid, displayname, externalid, isinactive, description from item \
             where itemtype in ('InvtPart', 'Assembly', 'Kit', 'NonInvtPart', 'Service', 'OthCharge') \
             and (subtype is null or subtype <> 'Purchase') and id > {last} order by id"
        );
        let page = client
            .post(format!("http://{address}/erp/services/rest/query/v1/suiteql?limit={PAGE}&offset=0"))
            .bearer_auth(ERP_TOKEN)
            .header("prefer", "transient")
            .json(&json!({ "q": q }));
        let page: Value = page.send().await?.error_for_status()?.json().await?;
        let rows = page["items"].as_array().context("items of a page")?;
        for chunk in rows.chunks(COLLECTION) {
            let records: Vec<Value> = chunk.iter().map(product).collect();
            let path = "/crm/services/data/v62.0/composite/sobjects/Product2/NetSuite_Item_Id__c";
            let sent = client.patch(format!("http://{address}{path}")).bearer_auth(CRM_TOKEN);
            let sent = sent.json(&json!({ "allOrNone": false, "records": records })).send().await?;
            let results: Vec<Value> = sent.error_for_status()?.json().await?;
            if results.iter().any(|result| result["success"] != true) {
                bail!("the sandbox did not take a product: {results:?}");
            }
        }
        if page["hasMore"] != true {
            return Ok(began.elapsed());
        }
        last = rows.last().and_then(|row| row["id"].as_str()?.parse().ok()).context("the id of an item")?;
    }
}

fn product(item: &Value) -> Value {
    let key = item["externalid"].as_str().map(str::to_owned);
    let code = item["itemid"].as_str().unwrap_or_default();
    json!({
        "attributes": { "type": "Product2" },
        "NetSuite_Item_Id__c": key.unwrap_or_else(|| format!("ITEM-{code}")),
        "Name": item["displayname"],
        "ProductCode": code,
        "Description": item["description"],
        "IsActive": item["isinactive"] != "T",
    })
}

impl fmt::Display for Report {
    #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        writeln!(f, "machine                     {}", self.machine)?;
        writeln!(
            f,
            "catalog-nightly, full       {} items in {:.1} s, {:.0}/s",
            self.items, self.seconds, self.items_per_second
        )?;
        writeln!(
            f,
            "processor time              {:.1} s node + {:.1} s Postgres",
            self.node_cpu_seconds, self.postgres_cpu_seconds
        )?;
        writeln!(f, "written ahead (WAL)         {:.1} MB", mb(self.wal_bytes))?;
        writeln!(
            f,
            "node's memory at most       {:.1} MB; {:.1} MB after a tenth of the items",
            mb(self.peak_bytes),
            mb(self.peak_bytes_of_a_tenth)
        )?;
        writeln!(
            f,
            "bare exchanges              {:.1} s; the pass takes {:.2} times as long",
            self.bare_seconds, self.ratio
        )
    }
}
