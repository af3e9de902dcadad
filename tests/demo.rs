//! `stepwell dev`, as a new user tries it: break the ERP, kill the program, start it again.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{World, client, eventually, free_address, program, shipped};

/// A running `stepwell dev`. Its sandbox is a separate process that also ends when this is dropped.
struct Demo<'w> {
    world: &'w World,
    listen: SocketAddr,
    sandbox: SocketAddr,
    child: Option<Child>,
}

impl<'w> Demo<'w> {
    fn new(world: &'w World) -> Self {
        Self { world, listen: free_address(), sandbox: free_address(), child: None }
    }

    async fn start(&mut self) {
        let mut command = Command::new(program());
        command.args(["dev", "--listen", &self.listen.to_string(), "--sandbox", &self.sandbox.to_string()]);
        self.child = Some(self.world.equip(&mut command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        eventually("the demo is up", || async {
            let ready = client().get(format!("http://{}/readyz", self.listen)).send().await;
            ready.ok().filter(|r| r.status().is_success())
        })
        .await;
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn fire(&self) {
        let mut command = Command::new(program());
        command.args(["fire", "--wait", "0"]).env("STEPWELL_LISTEN", self.listen.to_string());
        // The demo's own environment takes precedence, and sets no address.
        let done = self.world.equip(&mut command).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    async fn at_sandbox(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("http://{}{path}", self.sandbox);
        let answer = client().request(method.parse().unwrap(), url).body(body.to_string()).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    fn runs(&self) -> Value {
        let (ok, told, err) = self.world.command(&["runs", "list", "--json"]);
        assert!(ok, "{err}");
        serde_json::from_str(&told).unwrap()
    }
}

impl Drop for Demo<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // They may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = Command::new("pkill").args(["-f", &format!("sandbox --listen {}", self.sandbox)]).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_is_killed_finds_its_erp_again_and_the_run_continues_where_it_was() {
    let world = World::new(&shipped(), &[]).await;
    let mut demo = Demo::new(&world);
    demo.start().await;
    let order = "/erp/services/rest/record/v1/salesOrder/*";
    demo.at_sandbox("POST", "/faults", &json!({ "path": order, "kind": "status", "status": 503 })).await;
    demo.fire();
    eventually("the run waits for the ERP", || async {
        let ledger = demo.at_sandbox("GET", "/ledger?type=customer", &Value::Null).await;
        (demo.runs()[0]["status"] == "waiting" && ledger["effects"][0]["created"] == true).then_some(())
    })
    .await;
    demo.kill();
    demo.start().await;
    demo.at_sandbox("DELETE", "/faults", &Value::Null).await;
    eventually("the run completes", || async { (demo.runs()[0]["status"] == "completed").then_some(()) }).await;
    let ledger = demo.at_sandbox("GET", "/ledger", &Value::Null).await;
    let created = ledger["effects"].as_array().unwrap().iter().filter(|e| e["created"] == true);
    let created: Vec<&str> = created.map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(created, ["customer", "salesOrder"], "{ledger}");
}
