//! Compares a NetSuite account with what the workflows use, by its metadata catalog, governance limits and one row of
//! each table.
//!
//! Write permissions of a role cannot be checked without writing: compare the role with `senders/netsuite` by hand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ask::{Ask, Refused};
use super::report::Finding;
use super::salesforce::no_access;
use super::usage::{By, Object, Query, Used};
use crate::dsl::mapping::{Mapping, Side};

const ROLE: &str = "give the integration's role the permission (senders/netsuite has a role with all of them)";
const SCHEMA: [(&str, &str); 1] = [("Accept", "application/schema+json")];

/// Tables that exist only with a feature, and that the workflows can do without.
const OPTIONAL: [&str; 2] = ["currency", "subsidiary"];

/// Columns of the features in [`OPTIONAL`], which the workflows query only if the feature is present.
const OF_OPTIONAL: [(&str, &str, &str); 2] =
    [("transaction", "currency", "currency"), ("transactionline", "subsidiary", "subsidiary")];

/// Reference fields that functions/company.yaml fills with ids, and the record types that they refer to.
const REFERENCES: [(&str, &str); 6] = [
    ("subsidiary", "subsidiary"),
    ("department", "department"),
    ("class", "classification"),
    ("location", "location"),
    ("priceLevel", "priceLevel"),
    ("terms", "term"),
];

/// An account being checked.
pub struct Account<'a> {
    ask: &'a Ask<'a>,
    used: &'a Used,
    schemas: BTreeMap<String, Result<Value, Refused>>,
    /// Findings so far.
    pub findings: Vec<Finding>,
}

impl<'a> Account<'a> {
    /// Prepares the check of an account.
    pub fn new(ask: &'a Ask<'a>, used: &'a Used) -> Self {
        Self { ask, used, schemas: BTreeMap::new(), findings: Vec::new() }
    }

    /// Checks everything that is used. `concurrency` is the number of concurrent calls that `hub.yaml` allows. Returns
    /// false if the account cannot be queried at all.
    pub async fn check(&mut self, concurrency: Option<u32>) -> bool {
        if !self.check_access(concurrency).await {
            return false;
        }
        let used = self.used;
        for (name, object) in &used.objects {
            self.check_type(name, object).await;
        }
        for (name, query) in &used.queries {
            self.check_table(name, query).await;
        }
        for (text, by) in &used.unread {
            if let Err(refused) = self.ask.suiteql(text, 1).await {
                let problem = format!("a query is refused: {}", refused.detail);
                self.findings.push(Finding::error("SuiteQL", problem, "correct the query", by));
            }
        }
        true
    }

    async fn check_access(&mut self, concurrency: Option<u32>) -> bool {
        match self.ask.get("services/rest/system/v1/governanceLimits", &[], &[]).await {
            Ok(limits) => {
                let works_on = limits["accountConcurrencyLimit"].as_u64();
                if let (Some(works_on), Some(sent)) = (works_on, concurrency.map(u64::from))
                    && sent > works_on
                {
                    let problem = format!(
                        "hub.yaml allows {sent} calls at once, but the account handles {works_on}, over all integrations"
                    );
                    let next = "lower `limits.concurrency` of the connection, and leave room for other integrations";
                    self.findings.push(Finding::error("concurrency", problem, next, &By::new()));
                }
                true
            }
            // The account answers but does not tell its limits; the other checks go on.
            Err(Refused { status: Some(400 | 404), .. }) => true,
            Err(refused) => {
                self.findings.push(no_access(&refused));
                false
            }
        }
    }

    async fn schema(&mut self, name: &str) -> Result<Value, Refused> {
        if let Some(known) = self.schemas.get(name) {
            return known.clone();
        }
        let path = format!("services/rest/record/v1/metadata-catalog/{name}");
        let answer = self.ask.get(&path, &[], &SCHEMA).await;
        self.schemas.insert(name.to_owned(), answer.clone());
        answer
    }

    async fn check_type(&mut self, name: &str, object: &Object) {
        let schema = match self.schema(name).await {
            Ok(schema) => schema,
            Err(refused) => {
                let problem = format!(
                    "the record type does not exist, or the integration's role may not see it: {}",
                    refused.detail
                );
                self.findings.push(Finding::error(name, problem, ROLE, &object.by));
                return;
            }
        };
        let has = |field: &str| field == "externalId" || schema["properties"].get(field).is_some();
        let mut written: BTreeMap<&str, By> = BTreeMap::new();
        for (field, by) in object.creates.iter().chain(&object.updates).chain(&object.reads) {
            written.entry(field).or_default().extend(by.iter().cloned());
        }
        for (field, by) in written.iter().filter(|(field, _)| !has(field)) {
            let problem = "the field is missing, or the integration's role may not see it";
            self.findings.push(Finding::error(format!("{name}.{field}"), problem, missing_field(field), by));
        }
        if !object.creates.is_empty() {
            let creators: By = object.creates.values().flatten().cloned().collect();
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for field in required.filter(|field| !object.creates.contains_key(*field) && *field != "item") {
                let problem = "a new record needs a value, but no workflow sets one";
                let next = "set it in functions/company.yaml (customerFields, orderFields), or make the field optional in NetSuite";
                self.findings.push(Finding::error(format!("{name}.{field}"), problem, next, &creators));
            }
        }
        if ["customer", "salesOrder"].contains(&name) {
            self.check_references(name, object).await;
        }
    }

    /// Checks that the ids in functions/company.yaml exist.
    async fn check_references(&mut self, name: &str, object: &Object) {
        for ((field, id), by) in &object.references {
            let Some((_, target)) = REFERENCES.iter().find(|(known, _)| known == field) else { continue };
            let path = format!("services/rest/record/v1/{target}/{id}");
            let answer = self.ask.get(&path, &[("fields", "id")], &[]).await;
            let is_missing = |refused: &Refused| refused.status == Some(404);
            if answer.as_ref().is_err_and(is_missing) {
                let problem = format!("the account has no {target} {id}");
                let next = "put the id of your account into functions/company.yaml";
                self.findings.push(Finding::error(format!("{name}.{field}"), problem, next, by));
            }
        }
    }

    /// Queries one row with all columns that are used. Reports each rejected column and repeats the query without it.
    async fn check_table(&mut self, name: &str, query: &Query) {
        let mut columns: Vec<&str> = query.columns.keys().chain(query.filters.keys()).map(String::as_str).collect();
        columns.sort_unstable();
        columns.dedup();
        while !columns.is_empty() {
            let text = format!("select {} from {name} where rownum <= 1", columns.join(", "));
            let Err(refused) = self.ask.suiteql(&text, 1).await else { return };
            let refused_column = columns.iter().position(|column| refused.says(&format!("Field '{column}'")));
            match refused_column {
                Some(at) => {
                    let column = columns.remove(at);
                    let feature = OF_OPTIONAL.iter().find(|(table, of, _)| (*table, *of) == (name, column));
                    if let Some((.., table)) = feature
                        && !self.has_table(table).await
                    {
                        continue;
                    }
                    let by = query.columns.get(column).or_else(|| query.filters.get(column)).unwrap_or(&query.by);
                    let problem = "SuiteQL has no such column for the integration's role";
                    self.findings.push(Finding::error(format!("{name}.{column}"), problem, missing_field(column), by));
                }
                None if OPTIONAL.contains(&name) && is_not_found(&refused) => return,
                None => {
                    let problem = format!("SuiteQL refuses the table: {}", refused.detail);
                    let next = format!("{ROLE}, and SuiteAnalytics Workbook");
                    self.findings.push(Finding::error(name, problem, next, &query.by));
                    return;
                }
            }
        }
    }

    /// Whether a table that depends on a feature exists, as far as the account says.
    pub async fn has_table(&self, name: &str) -> bool {
        let answer = self.ask.suiteql(&format!("select id from {name} where rownum <= 1"), 1).await;
        !answer.as_ref().is_err_and(is_not_found)
    }

    /// Returns the codes of active currencies, or `None` for an account with a single currency. A role without access
    /// to them would mislead the workflows into assuming a single one.
    pub async fn currencies(&mut self) -> Option<Vec<String>> {
        let rows = self.ask.suiteql("select symbol from currency where isinactive = 'F' order by id", 1_000).await;
        match rows {
            Ok(rows) => Some(rows.iter().filter_map(|row| row["symbol"].as_str().map(str::to_owned)).collect()),
            Err(_) => {
                let customer = self.schema("customer").await;
                if customer.is_ok_and(|schema| schema["properties"].get("currency").is_some()) {
                    let problem = "customers have a currency, but the integration's role may not see the list of currencies: \
                                   the workflows would treat the account as one with a single currency";
                    let next = "give the role Lists -> Currency (View) and SuiteAnalytics Workbook";
                    self.findings.push(Finding::error("currency", problem, next, &By::new()));
                }
                None
            }
        }
    }

    /// Checks that what a mapping writes fits the account's fields.
    pub async fn check_mapping(&mut self, mapping: &Mapping, side: Side) {
        let name = mapping.types[side as usize].clone();
        let Some(by) = self.used.objects.get(&name).map(|object| object.by.clone()) else { return };
        let Ok(schema) = self.schema(&name).await else { return };
        for row in &mapping.rows {
            let (Some(path), Some(way)) = (row.field(side), row.route(side)) else { continue };
            let longest = schema["properties"][path.to_string()]["maxLength"].as_u64();
            let max = way.fits.as_ref().and_then(|fits| fits.max);
            if let (Some(longest), Some(max)) = (longest, max)
                && max > longest
            {
                let problem =
                    format!("the field holds {longest} characters, but mapping {} allows {max}", mapping.name);
                let next = format!("set `max: {longest}` in row {} of mappings/{}.yaml", row.number, mapping.name);
                self.findings.push(Finding::warning(format!("{name}.{path}"), problem, next, &by));
            }
        }
    }

    /// Returns some records of a mapping's type.
    pub async fn sample(&mut self, mapping: &Mapping, side: Side, count: usize) -> Vec<Value> {
        let name = mapping.types[side as usize].clone();
        // Orders are translated from query results, not from the record.
        if !["customer", "contact"].contains(&name.as_str()) || !self.used.objects.contains_key(&name) {
            return Vec::new();
        }
        let path = format!("services/rest/record/v1/{name}");
        let limit = count.to_string();
        let Ok(list) = self.ask.get(&path, &[("limit", &limit)], &[]).await else { return Vec::new() };
        let mut records = Vec::new();
        for id in list["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).take(count) {
            records.extend(self.ask.get(&format!("{path}/{id}"), &[], &[]).await);
        }
        records
    }
}

fn is_not_found(refused: &Refused) -> bool {
    refused.says("was not found")
}

/// Advice about a missing field.
fn missing_field(field: &str) -> &'static str {
    match field {
        field if field.starts_with("cust") => "install senders/netsuite, which has the field",
        "subsidiary" => {
            "remove it from functions/company.yaml if the account is not OneWorld (workflows/profiles/single-company), else give the role Lists -> Subsidiaries"
        }
        "currency" | "currencyList" => "the account has one currency: set it in functions/company.yaml",
        "department" | "class" | "location" => {
            "enable the classification in NetSuite, or remove it from functions/company.yaml"
        }
        _ => "give the integration's role access to the field, or remove it from the mapping",
    }
}
