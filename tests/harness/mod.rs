//! What every promise test needs: a database of its own, nodes as processes that can be killed, a target that obeys.

mod browser;
mod journey;
mod node;
mod target;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{Connection, PgConnection};

pub use browser::{Browser, login_link};
pub use journey::{CUSTOMER, Journey, ORDER, edit, files, shipped};
pub use node::Node;
pub use target::{Behavior, Target};

/// Longest wait for a condition: far beyond what anything here takes, so that only a broken promise reaches it.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// One test's world: a database, a folder of workflows, secrets.
pub struct World {
    pub database_url: String,
    server_url: String,
    database: String,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    token: String,
}

impl World {
    /// A fresh world with these files in its workflows folder, deployed. Calls to `allow` are permitted.
    pub async fn new(files: &[(&str, String)], allow: &[String]) -> Self {
        let mut world = Self::empty(files, allow).await;
        world.deploy();
        world.make_token();
        world
    }

    /// The same with an empty database and nothing deployed.
    pub async fn empty(files: &[(&str, String)], allow: &[String]) -> Self {
        let server_url =
            std::env::var("DATABASE_URL").expect("run the tests through `make test`, which starts a Postgres");
        let database = format!("promise_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&server_url).await.unwrap();
        stepwell::store::create_database(&mut admin, &database).await.unwrap();
        let mut url = url::Url::parse(&server_url).unwrap();
        url.set_path(&database);
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let environment = vec![
            ("DATABASE_URL".to_owned(), url.to_string()),
            ("STEPWELL_WORKFLOWS".to_owned(), folder.path().display().to_string()),
            ("STEPWELL_NETWORK_ALLOW".to_owned(), allow.join(",")),
            ("STEPWELL_LEASE_SECONDS".to_owned(), "1.5".to_owned()),
            ("STEPWELL_SWEEP_INTERVAL_MS".to_owned(), "100".to_owned()),
            ("STEPWELL_GRACE_SECONDS".to_owned(), "2".to_owned()),
            ("STEPWELL_DRAIN_SECONDS".to_owned(), "0".to_owned()),
            ("STEPWELL_RETRY_DELAY_MS".to_owned(), "50".to_owned()),
            ("STEPWELL_RETRY_MAX_DELAY_MS".to_owned(), "200".to_owned()),
            ("STEPWELL_SECRET_HOOK".to_owned(), SECRET.to_owned()),
            ("STEPWELL_SECRET_SALESFORCEWEBHOOK".to_owned(), SECRET.to_owned()),
            ("STEPWELL_SECRET_NETSUITEWEBHOOK".to_owned(), SECRET.to_owned()),
            ("STEPWELL_SECRET_NETSUITETOKEN".to_owned(), "sandbox-erp-token".to_owned()),
            ("STEPWELL_SECRET_SALESFORCETOKEN".to_owned(), "sandbox-crm-token".to_owned()),
        ];
        Self { database_url: url.to_string(), server_url, database, folder, environment, token: String::new() }
    }

    /// Makes the token that nodes of this world are asked with.
    pub fn make_token(&mut self) {
        let made = self.command(&["token", "create", "--scopes", "admin"]);
        self.token = made.1.trim().to_owned();
    }

    /// What nodes of this world are given.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where the world's database is.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file into the folder of workflows.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The folder of workflows.
    pub fn workflows(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn deploy(&self) {
        let folder = self.workflows();
        let (ok, out, err) = self.command(&["deploy", &folder]);
        assert!(ok, "deploy failed: {out}{err}");
    }

    /// Runs a subcommand; whether it succeeded, its output, its errors.
    pub fn command(&self, arguments: &[&str]) -> (bool, String, String) {
        let done = self.equip(std::process::Command::new(program()).args(arguments)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.success(), text(&done.stdout), text(&done.stderr))
    }

    /// Gives a program the world's environment, beside what it was given already.
    pub fn equip<'c>(&self, command: &'c mut std::process::Command) -> &'c mut std::process::Command {
        let own: Vec<_> = command.get_envs().map(|(n, v)| (n.to_owned(), v.map(ToOwned::to_owned))).collect();
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().cloned());
        command.envs(own.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }

    /// Starts a node and waits until it is ready.
    pub async fn node(&self) -> Node {
        self.node_with(&[]).await
    }

    /// The same with arguments of `stepwell serve`.
    pub async fn node_with(&self, arguments: &[&str]) -> Node {
        Node::start(&self.environment, &self.token, arguments).await
    }

    /// A node at this address, which another one left.
    pub async fn node_at(&self, address: std::net::SocketAddr) -> Node {
        Node::start_at(address, &self.environment, &self.token, &[], "warn", std::process::Stdio::inherit()).await
    }

    /// A node that logs into a file, in this format and from this level on.
    pub async fn node_logging(&self, format: &str, level: &str, log: std::fs::File) -> Node {
        let mut environment = self.environment.clone();
        environment.push(("STEPWELL_LOG_FORMAT".to_owned(), format.to_owned()));
        Node::start_logging(&environment, &self.token, &[], level, log.into()).await
    }

    /// A connection to the world's database, to look or to do harm.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }
}

impl World {
    /// Ends every connection to the world's database and lets nobody in.
    pub async fn cut_off_database(&self) {
        self.administer(&format!("alter database {} allow_connections false", self.database)).await;
        let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", self.database);
        self.administer(&end).await;
    }

    /// Lets connections in again.
    pub async fn restore_database(&self) {
        self.administer(&format!("alter database {} allow_connections true", self.database)).await;
    }

    async fn administer(&self, statement: &str) {
        let mut admin = PgConnection::connect(&self.server_url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let (server, database) = (self.server_url.clone(), self.database.clone());
        // A world of its own for the farewell: the test's runtime may be gone already.
        let farewell = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect(&server).await {
                    let _ = stepwell::store::drop_database(&mut admin, &database).await;
                }
            });
        });
        let _ = farewell.join();
    }
}

/// The webhook secret of every test source.
pub const SECRET: &str = "whsec_c3RlcHdlbGwtdGVzdC1zZWNyZXQ=";

/// The program under test.
pub fn program() -> PathBuf {
    // Another version, to write what this one has to read.
    std::env::var_os("STEPWELL_PROGRAM").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stepwell")), PathBuf::from)
}

/// Waits until a condition gives a value.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A free address of this machine.
pub fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// `hub.yaml` with one source, `test`.
pub fn hub() -> String {
    "sources:\n  test:\n    scheme: standard-webhooks\n    secret: '${ $secrets.hook }'\n    event: { type: '${ .type }' }\n".to_owned()
}

/// A workflow of `count` calls to the target, started by events of type `calls`, its key `.n`.
pub fn calls(target: &Target, count: usize) -> String {
    let mut text =
        "document: { dsl: '1.0.3', namespace: test, name: calls, version: '1.0.0', metadata: { key: '${ .n }' } }\n\
                    schedule: { on: { one: { with: { source: test, type: calls } } } }\n\
                    input: { from: '${ .[0]? // . }' }\ndo:\n"
            .to_owned();
    for step in 1..=count {
        text.push_str(&format!(
            "  - step{step}:\n      call: http\n      with: {{ method: post, endpoint: 'http://{}/step{step}', body: {{ run: '${{ $workflow.id }}' }} }}\n",
            target.address()
        ));
    }
    text
}

/// The statuses of a run's tasks by name.
pub fn statuses(run: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    run["tasks"].as_array().unwrap().iter().map(|t| (text(&t["name"]), text(&t["status"]))).collect()
}

/// A client for plain HTTP.
pub fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// A client whose connections come from this address of the machine, and which follows no redirect.
pub fn client_from(address: [u8; 4]) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().local_address(std::net::IpAddr::from(address));
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
