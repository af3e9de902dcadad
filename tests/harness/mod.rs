//! What every promise test needs: its own database, nodes as processes that can be killed, and a target that follows
//! orders.

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

/// Maximum wait for a condition: much longer than anything takes, so that only a broken promise reaches it.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The world of a test: a database, a folder of workflows, secrets.
pub struct World {
    pub database_url: String,
    server_url: String,
    database: String,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    token: String,
}

impl World {
    /// A new world with these files in its folder of workflows, deployed. Calls to `allow` are permitted.
    pub async fn new(files: &[(&str, String)], allow: &[String]) -> Self {
        let mut world = Self::empty(files, allow).await;
        world.deploy();
        world.make_token();
        world
    }

    /// A new world with an empty database and nothing deployed.
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

    /// Creates the token for requests to nodes of this world.
    pub fn make_token(&mut self) {
        let made = self.command(&["token", "create", "--scopes", "admin"]);
        self.token = made.1.trim().to_owned();
    }

    /// Returns the environment of nodes.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the URL of the database.
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

    /// Returns the folder of workflows.
    pub fn workflows(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn deploy(&self) {
        let folder = self.workflows();
        let (ok, out, err) = self.command(&["deploy", &folder]);
        assert!(ok, "deploy failed: {out}{err}");
    }

    /// Runs a subcommand. Returns success, output and errors.
    pub fn command(&self, arguments: &[&str]) -> (bool, String, String) {
        let done = self.equip(std::process::Command::new(program()).args(arguments)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.success(), text(&done.stdout), text(&done.stderr))
    }

    /// Adds the world's environment to that of a command.
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

    /// Starts a node with more arguments for `stepwell serve`.
    pub async fn node_with(&self, arguments: &[&str]) -> Node {
        Node::start(&self.environment, &self.token, arguments).await
    }

    /// Starts a node at the address of one that has ended.
    pub async fn node_at(&self, address: std::net::SocketAddr) -> Node {
        Node::start_at(address, &self.environment, &self.token, &[], "warn", std::process::Stdio::inherit()).await
    }

    /// Starts a node that logs to a file, in this format and from this level on.
    pub async fn node_logging(&self, format: &str, level: &str, log: std::fs::File) -> Node {
        let mut environment = self.environment.clone();
        environment.push(("STEPWELL_LOG_FORMAT".to_owned(), format.to_owned()));
        Node::start_logging(&environment, &self.token, &[], level, log.into()).await
    }

    /// Returns a connection to the database, to read or to do harm.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }
}

impl World {
    /// Ends all connections to the database and refuses new ones.
    pub async fn cut_off_database(&self) {
        self.administer(&format!("alter database {} allow_connections false", self.database)).await;
        let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", self.database);
        self.administer(&end).await;
    }

    /// Allows connections again.
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
        // On its own runtime, because the test's runtime may be gone.
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

/// Webhook secret of all test sources.
pub const SECRET: &str = "whsec_c3RlcHdlbGwtdGVzdC1zZWNyZXQ=";

/// The program under test.
pub fn program() -> PathBuf {
    // Can be replaced by another version, to write what this one has to read.
    std::env::var_os("STEPWELL_PROGRAM").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stepwell")), PathBuf::from)
}

/// Waits until a condition yields a value.
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

/// Returns a free local address.
pub fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Returns a `hub.yaml` with one source, `test`.
pub fn hub() -> String {
    "sources:\n  test:\n    scheme: standard-webhooks\n    secret: '${ $secrets.hook }'\n    event: { type: '${ .type }' }\n".to_owned()
}

/// Returns a workflow with `count` calls to the target, started by events of type `calls`, with the key `.n`.
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

/// Returns names and statuses of a run's tasks.
pub fn statuses(run: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    run["tasks"].as_array().unwrap().iter().map(|t| (text(&t["name"]), text(&t["status"]))).collect()
}

/// Returns a client for plain HTTP.
pub fn client() -> reqwest::Client {
    // Another test in this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Returns a client that connects from this local address and follows no redirects.
pub fn client_from(address: [u8; 4]) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().local_address(std::net::IpAddr::from(address));
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
