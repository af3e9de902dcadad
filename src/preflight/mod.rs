//! `stepwell preflight`: checks connected accounts against what the workflows use, before anything is switched on.
//!
//! It only reads. `usage` derives what is used from the requests that the workflows' scenarios make on a sandbox like
//! the account. `ask` queries the account through the connections of `hub.yaml`, as runs do; `salesforce` and
//! `netsuite` compare; `samples` applies the mappings to real records without writing the results. Each finding says
//! what would fail, which field of which object is affected, and what to do.

mod ask;
mod needs;
mod netsuite;
mod report;
mod salesforce;
mod samples;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use ask::OneAtATime;
pub use report::{ConnectionReport, Finding, Report, Severity};

use crate::connect::{Connection, Connections};
use crate::dsl::mapping::{Mapping, Side};
use crate::dsl::{self, Mistake};
use crate::sandbox::Profile;
use crate::scenario::{Evaluate, sendings};
use ask::Ask;
use netsuite::Account;
use salesforce::Org;
use usage::{By, System, Usage, Used};

/// What to check, and how.
pub struct Preflight<'a> {
    /// Folder of the workflows.
    pub folder: &'a Path,
    /// Connections to query; their limits must be governed ([`OneAtATime`]).
    pub connections: &'a Connections,
    /// Their settings in `hub.yaml`.
    pub settings: &'a BTreeMap<String, Connection>,
    /// Check only this connection.
    pub only: Option<&'a str>,
    /// Variant of the functions that runs use; only with a sandbox.
    pub variant: Option<&'a str>,
    /// Number of records to translate per mapping.
    pub sample: usize,
    /// Evaluates expressions.
    pub evaluate: &'a Evaluate<'a>,
}

/// Optional features of the accounts to which the workflows adapt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Features {
    crm_currencies: bool,
    subsidiaries: bool,
    erp_currencies: bool,
}

impl Preflight<'_> {
    /// Checks all accounts, or the selected one.
    ///
    /// # Errors
    /// Mistakes in the folder; nothing was queried then.
    pub async fn run(&self) -> Result<Report, Vec<Mistake>> {
        let first = self.used(<&Profile>::default())?;
        let features = self.features(&first).await;
        let profile = Profile::like(features.crm_currencies, features.subsidiaries, features.erp_currencies);
        let is_like_first = profile.crm_lacks.is_empty() && profile.erp_lacks.is_empty();
        let mut usage = if is_like_first { first } else { self.used(profile)? };
        let (mappings, mistakes) = dsl::read_mappings(self.folder);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mappings: Vec<Mapping> = mappings.into_iter().map(|(_, mapping)| mapping).collect();
        for (name, connection) in self.settings {
            usage.add_reads(name, &connection.reads);
        }
        for used in usage.connections.values_mut().filter(|used| used.system == System::Salesforce) {
            of_system(&mappings, System::Salesforce).for_each(|(mapping, side)| add_mapped(used, mapping, side));
        }
        let mut report = Report { not_asked: self.strangers(&usage), ..Report::default() };
        let (mut sold, mut billed) = (None, None);
        for (name, used) in usage.connections.iter().filter(|(name, _)| self.is_meant(name)) {
            let ask = Ask::new(self.connections, name);
            let (findings, sampled) = match used.system {
                System::Salesforce => self.ask_salesforce(&ask, used, &mappings, &mut sold).await,
                System::NetSuite => self.ask_netsuite(name, &ask, used, &mappings, &mut billed).await,
            };
            report.connections.push(self.reported(name, used, ask.calls(), findings, sampled));
        }
        if let (Some(sold), Some(billed)) = (&sold, &billed) {
            self.compare_currencies(&mut report, sold, billed);
        }
        report
            .connections
            .iter_mut()
            .for_each(|connection| connection.findings.sort_by_key(|finding| finding.severity));
        Ok(report)
    }

    fn is_meant(&self, connection: &str) -> bool {
        self.only.is_none_or(|only| only == connection)
    }

    /// Derives what the workflows use on a sandbox with this profile.
    fn used(&self, profile: &'static Profile) -> Result<Usage, Vec<Mistake>> {
        let unreadable = |why: std::io::Error| {
            let message = format!("reading the folder of workflows failed: {why}");
            vec![dsl::mistake::at(&self.folder.display().to_string(), dsl::Position { line: 1, column: 1 }, message)]
        };
        let mut usage = Usage::default();
        for file in dsl::scenario_files(self.folder).map_err(unreadable)? {
            let (workflow, sent) = sendings(&file, profile, self.variant, self.evaluate)?;
            usage.add(&workflow, &sent);
        }
        Ok(usage)
    }

    /// Detects optional features. An account that cannot be queried is assumed to have all of them.
    async fn features(&self, usage: &Usage) -> Features {
        let mut features = Features { crm_currencies: true, subsidiaries: true, erp_currencies: true };
        for (name, used) in usage.connections.iter().filter(|(name, _)| self.is_meant(name)) {
            let ask = Ask::new(self.connections, name);
            match used.system {
                System::Salesforce => {
                    let mut org = Org::new(&ask, used);
                    features.crm_currencies =
                        org.describe("Account").await.is_none() || org.currencies().await.is_some();
                }
                System::NetSuite => {
                    let account = Account::new(&ask, used);
                    features.erp_currencies = account.has_table("currency").await;
                    features.subsidiaries = account.has_table("subsidiary").await;
                }
            }
        }
        features
    }

    async fn ask_salesforce(
        &self,
        ask: &Ask<'_>,
        used: &Used,
        mappings: &[Mapping],
        currencies: &mut Option<Vec<String>>,
    ) -> (Vec<Finding>, Option<usize>) {
        let mut org = Org::new(ask, used);
        if !org.check().await {
            return (org.findings, None);
        }
        let mut sampled = 0;
        for (mapping, side) in of_system(mappings, System::Salesforce) {
            org.check_mapping(mapping, side).await;
            let records = org.sample(mapping, side, self.sample).await;
            sampled += records.len();
            org.findings.extend(samples::translate(mapping, side.other(), &records, self.evaluate));
        }
        *currencies = org.currencies().await;
        (org.findings, Some(sampled))
    }

    async fn ask_netsuite(
        &self,
        name: &str,
        ask: &Ask<'_>,
        used: &Used,
        mappings: &[Mapping],
        currencies: &mut Option<Vec<String>>,
    ) -> (Vec<Finding>, Option<usize>) {
        let limits = self.settings.get(name).and_then(|connection| connection.limits.as_ref());
        let mut account = Account::new(ask, used);
        if !account.check(limits.and_then(|limits| limits.concurrency)).await {
            return (account.findings, None);
        }
        let mut sampled = 0;
        for (mapping, side) in of_system(mappings, System::NetSuite) {
            account.check_mapping(mapping, side).await;
            let records = account.sample(mapping, side, self.sample).await;
            sampled += records.len();
            account.findings.extend(samples::translate(mapping, side.other(), &records, self.evaluate));
        }
        *currencies = account.currencies().await;
        (account.findings, Some(sampled))
    }

    fn reported(
        &self,
        name: &str,
        used: &Used,
        calls: usize,
        findings: Vec<Finding>,
        sampled: Option<usize>,
    ) -> ConnectionReport {
        let standings = self.connections.standings();
        let standing = standings.into_iter().find(|standing| standing.name == name);
        ConnectionReport {
            connection: name.to_owned(),
            system: used.system,
            base_url: standing.and_then(|standing| standing.base_url),
            // Lists nothing if the account could not be queried.
            looked_at: match sampled {
                Some(_) => used.objects.keys().chain(used.queries.keys()).cloned().collect(),
                None => BTreeSet::new(),
            },
            sampled: sampled.unwrap_or(0),
            calls,
            findings,
        }
    }

    /// Reports currencies missing in the ERP: deals in them would wait for a person.
    fn compare_currencies(&self, report: &mut Report, sold: &[String], billed: &[String]) {
        let missing: Vec<&str> = sold.iter().filter(|code| !billed.contains(code)).map(String::as_str).collect();
        let erp = report.connections.iter_mut().find(|connection| connection.system == System::NetSuite);
        if let (Some(erp), false) = (erp, missing.is_empty()) {
            let problem = format!("the CRM sells in {}, but the ERP has no such active currency", missing.join(", "));
            let next =
                "add the currency in NetSuite (Lists, Accounting, Currencies), or make it inactive in Salesforce";
            erp.findings.push(Finding::error("currency", problem, next, &By::new()));
        }
    }

    /// Returns the selected connections whose system preflight does not know.
    fn strangers(&self, usage: &Usage) -> BTreeSet<String> {
        let known = |name: &&String| !usage.connections.contains_key(*name) && self.is_meant(name);
        self.settings.keys().filter(known).cloned().collect()
    }
}

/// Returns the mappings with a side on a system, and which side: CRMs are side `crm`, ERPs side `erp`. Mappings for
/// other systems use other names.
fn of_system(mappings: &[Mapping], system: System) -> impl Iterator<Item = (&Mapping, Side)> {
    let name = match system {
        System::Salesforce => "crm",
        System::NetSuite => "erp",
    };
    mappings.iter().filter_map(move |mapping| Some((mapping, mapping.sides.find(name)?)))
}

/// Adds the fields that a mapping reads from a whole record.
fn add_mapped(used: &mut Used, mapping: &Mapping, side: Side) {
    let Some(object) = used.objects.get_mut(&mapping.types[side as usize]) else { return };
    let by = object.by.clone();
    for row in mapping.rows.iter().filter(|row| row.route(side.other()).is_some()) {
        if let Some(path) = row.field(side).filter(|path| path.0.len() == 1) {
            object.reads.entry(path.to_string()).or_default().extend(by.iter().cloned());
        }
    }
}
