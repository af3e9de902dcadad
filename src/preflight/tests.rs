//! Preflight on the sandbox: no findings on a good account of each kind, and a finding for each thing broken.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::connect::{ConnectSettings, Ledger, Secrets};
use crate::expr::{Evaluation, EvaluationError};
use crate::hub::Hub;
use crate::sandbox::{PROFILES, Sandbox, serve};

/// A running sandbox, and connections to it.
struct World {
    sandbox: Sandbox,
    hub: Hub,
    connections: Connections,
    closing: CancellationToken,
    known: RefCell<HashMap<String, Result<Value, EvaluationError>>>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl World {
    async fn of(profile: &'static Profile, folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let sandbox = Sandbox::of(profile);
        tokio::spawn(serve(listener, sandbox.clone(), std::future::pending()));
        let secrets = Secrets::fixed([
            ("netsuiteToken", "sandbox-erp-token"),
            ("salesforceToken", "sandbox-crm-token"),
            ("netsuiteWebhook", "whsec_c3RlcHdlbGwtZGVtby1lcnAtd2ViaG9vay1zZWNyZXQ="),
            ("salesforceWebhook", "whsec_c3RlcHdlbGwtZGVtby13ZWJob29rLXNlY3JldA=="),
        ]);
        let hub = Hub::load_folder(folder, &secrets).expect("a sound hub.yaml");
        let base = |path: &str| format!("http://{address}/{path}").parse().expect("a URL");
        let connections = Connections::new(ConnectSettings {
            environment: "sandbox".to_owned(),
            connections: hub.connections.clone(),
            base_url_overrides: [("netsuite".to_owned(), base("erp")), ("salesforce".to_owned(), base("crm"))].into(),
            network_allow: vec![address.to_string()],
            secrets,
            ..ConnectSettings::default()
        })
        .expect("sound settings");
        let closing = CancellationToken::new();
        let ledger: Arc<dyn Ledger> = Arc::new(OneAtATime);
        connections.govern(&ledger, &closing);
        Self { sandbox, hub, connections, closing, known: RefCell::default() }
    }

    async fn preflight(&self, folder: &Path, only: Option<&str>) -> Report {
        // The scenarios evaluate the same expressions each time.
        let evaluate = |asked: &Evaluation| {
            let question = serde_json::to_string(asked).expect("JSON");
            if let Some(answer) = self.known.borrow().get(&question) {
                return answer.clone();
            }
            let answer = asked.here();
            self.known.borrow_mut().insert(question, answer.clone());
            answer
        };
        let preflight = Preflight {
            folder,
            connections: &self.connections,
            settings: &self.hub.connections,
            only,
            variant: Some(self.sandbox.profile().name),
            sample: 20,
            evaluate: &evaluate,
        };
        preflight.run().await.unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    /// Returns the findings (`subject: problem`) under these sandbox settings.
    async fn findings(&self, folder: &Path, settings: &Value) -> Vec<(Severity, String)> {
        let profile = self.sandbox.profile().name;
        self.sandbox.change_settings(json!({"profile": profile})).expect("settings");
        self.sandbox.change_settings(settings.clone()).expect("settings");
        let report = self.preflight(folder, None).await;
        let findings = report.connections.into_iter().flat_map(|connection| connection.findings);
        findings.map(|of| (of.severity, format!("{}: {} -> {}", of.subject, of.problem, of.next))).collect()
    }
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows")
}

/// The shipped folder with only these workflows, so that their scenarios run quickly.
fn some(workflows: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let link = |name: &str| {
        std::os::unix::fs::symlink(shipped().join(name), folder.path().join(name)).expect("linked");
    };
    ["hub.yaml", "functions", "mappings", "profiles"].into_iter().for_each(link);
    for name in workflows {
        link(&format!("{name}.yaml"));
        link(&format!("{name}.scenarios.yaml"));
    }
    folder
}

/// Number of writes that a sandbox received.
fn writes(sandbox: &Sandbox) -> usize {
    sandbox.ledger(0)["effects"].as_array().map_or(0, Vec::len)
}

async fn is_clean(name: &str) {
    let profile = Profile::named(name).expect("a profile");
    let world = World::of(profile, &shipped()).await;
    let report = world.preflight(&shipped(), None).await;
    let mut shown = Vec::new();
    report.print(&mut shown).expect("a vector takes all");
    let shown = String::from_utf8(shown).expect("UTF-8");
    assert!(report.connections.iter().all(|connection| connection.findings.is_empty()), "{shown}");
    assert!(!report.would_fail() && shown.contains("0 errors, 0 warnings"), "{shown}");
    let looked_at: Vec<usize> = report.connections.iter().map(|connection| connection.looked_at.len()).collect();
    assert!(looked_at.iter().all(|count| *count >= 8) && looked_at.len() == 2, "{shown}");
    assert!(report.connections.iter().all(|connection| connection.sampled >= 2), "{shown}");
    assert_eq!(writes(&world.sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_account_with_several_companies_and_currencies_is_clean() {
    is_clean("one-world").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_account_with_one_company_and_one_currency_is_clean() {
    is_clean("single-company").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_account_with_mandatory_fields_is_clean() {
    is_clean("large").await;
    assert_eq!(PROFILES.len(), 3, "a new profile needs a test here");
}

fn crm(role: &Value) -> Value {
    json!({"crm": {"role": role}})
}

fn erp(role: &Value) -> Value {
    json!({"erp": {"role": role}})
}

fn hidden(name: &str) -> Value {
    json!({"hidden": [name]})
}

fn read_only(name: &str) -> Value {
    json!({"readOnly": [name]})
}

/// Each of these settings breaks something, for which a finding with this prefix is expected. With all settings
/// restored, nothing is found.
async fn is_found(workflows: &[&str], broken: &[(Value, &str)]) {
    let folder = some(workflows);
    let world = World::of(Profile::named("one-world").expect("a profile"), folder.path()).await;
    for (settings, expected) in broken {
        let found = world.findings(folder.path(), settings).await;
        assert!(found.iter().any(|(_, text)| text.starts_with(expected)), "{settings}: {expected}\n{found:#?}");
        assert!(found.len() <= 3, "{settings} breaks one thing: {found:#?}");
        let is_error = found.iter().any(|(severity, _)| *severity == Severity::Error);
        assert_eq!(is_error, !expected.starts_with("DailyApiRequests"), "{found:#?}");
    }
    assert_eq!(world.findings(folder.path(), &json!({})).await, [], "nothing is broken any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_missing_or_forbidden_in_the_crm_is_found_by_name() {
    let broken = [
        (
            crm(&hidden("Account.NetSuite_Id__c")),
            "Account.NetSuite_Id__c: the field is missing, or the integration's user may not see it; it is read and written -> install senders/salesforce",
        ),
        (crm(&hidden("Contact")), "Contact: the object does not exist"),
        (crm(&hidden("Opportunity.IsWon")), "Opportunity.IsWon: the field is missing"),
        (crm(&hidden("OpportunityLineItem.TotalPrice")), "OpportunityLineItem.TotalPrice: the field is missing"),
        (crm(&read_only("Opportunity")), "Opportunity: the integration's user may not edit such records"),
        (
            json!({"crm": {"picklists": {"Account.Credit_Hold__c": ["On", "Off"]}}}),
            "Account.Credit_Hold__c: the picklist accepts only On, Off, but mapping credit-limit produces Auto",
        ),
        (json!({"crm": {"dailyRequests": 600}}), "DailyApiRequests: only"),
        (json!({"crm": {"dailyRequests": 0}}), "connection: the account cannot be read"),
    ];
    is_found(&["closed-won", "contact-sync", "credit-limit"], &broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_missing_or_forbidden_in_the_erp_is_found_by_name() {
    let broken = [
        (erp(&hidden("customer.comments")), "customer.comments: the field is missing"),
        (
            erp(&hidden("salesOrder")),
            "salesOrder: the record type does not exist, or the integration's role may not see it: ",
        ),
        (erp(&hidden("transaction")), "transaction: SuiteQL refuses the table"),
        (erp(&hidden("customer.creditLimit")), "customer.creditlimit: SuiteQL has no such column"),
        (
            erp(&hidden("currency")),
            "currency: customers have a currency, but the integration's role may not see the list",
        ),
        (json!({"erp": {"concurrency": 3}}), "concurrency: hub.yaml allows 5 calls at once, but the account handles 3"),
    ];
    is_found(&["closed-won", "contact-sync", "credit-limit"], &broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_products_and_prices_lack_is_found_by_name() {
    let broken = [
        (crm(&hidden("Product2.NetSuite_Item_Id__c")), "Product2.NetSuite_Item_Id__c: the field is missing"),
        (crm(&read_only("Product2.Description")), "Product2.Description: the field is read-only"),
        (crm(&read_only("PricebookEntry.UnitPrice")), "PricebookEntry.UnitPrice: the field is read-only"),
        (erp(&hidden("pricing.priceLevel")), "pricing.pricelevel: SuiteQL has no such column"),
        (
            erp(&hidden("inventoryItem.custitem_salesforce_id")),
            "inventoryItem.custitem_salesforce_id: the field is missing, or the integration's role may not see it -> install senders/netsuite",
        ),
    ];
    is_found(&["product-created"], &broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_another_company_are_found() {
    let folder = some(&["closed-won"]);
    for (profile, expected) in [
        ("single-company", &["customer.subsidiary"][..]),
        ("large", &["salesOrder.class", "salesOrder.department", "salesOrder.location"][..]),
    ] {
        let world = World::of(Profile::named(profile).expect("a profile"), folder.path()).await;
        let evaluate = |asked: &Evaluation| asked.here();
        let preflight = Preflight {
            folder: folder.path(),
            connections: &world.connections,
            settings: &world.hub.connections,
            only: Some("netsuite"),
            // The shipped company.yaml belongs to another kind of company.
            variant: None,
            sample: 0,
            evaluate: &evaluate,
        };
        let report = preflight.run().await.expect("sound files");
        let findings = &report.connections[0].findings;
        let mut subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, expected, "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.next.contains("functions/company.yaml")), "{findings:#?}");
        assert_eq!(report.connections.len(), 1, "only the connection that is meant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subsidiary_and_a_currency_that_the_account_does_not_have_are_found() {
    let folder = some(&["closed-won"]);
    let world = World::of(Profile::named("one-world").expect("a profile"), folder.path()).await;
    let found = world.findings(folder.path(), &json!({})).await;
    assert_eq!(found, []);
    world.sandbox.forget_in_erp("subsidiary", "2");
    world.sandbox.forget_in_erp("currency", "2");
    let report = world.preflight(folder.path(), None).await;
    let findings: Vec<String> = report
        .connections
        .iter()
        .flat_map(|connection| &connection.findings)
        .map(|finding| format!("{}: {}", finding.subject, finding.problem))
        .collect();
    assert_eq!(
        findings,
        [
            "customer.subsidiary: the account has no subsidiary 2",
            "currency: the CRM sells in GBP, but the ERP has no such active currency",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_no_mapping_can_translate_are_reported_with_the_row() {
    let folder = some(&["closed-won", "contact-sync"]);
    let world = World::of(Profile::named("one-world").expect("a profile"), folder.path()).await;
    let before = writes(&world.sandbox);
    world.sandbox.plant_in_crm("Contact", &json!({"Id": "003Ws00000Lm7ZzIAJ", "FirstName": "Nameless"}));
    let report = world.preflight(folder.path(), Some("salesforce")).await;
    let findings = &report.connections[0].findings;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].severity, findings[0].subject.as_str()), (Severity::Warning, "mapping contact"));
    assert!(
        findings[0].problem.contains("003Ws00000Lm7ZzIAJ") && findings[0].problem.contains("LastName"),
        "{findings:#?}"
    );
    assert_eq!(writes(&world.sandbox), before);
}
