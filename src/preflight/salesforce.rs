//! Compares a Salesforce org with what the workflows use, by `describe`, `limits` and one row of each query.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ask::{Ask, Refused};
use super::needs::{Need, field_of, needs, parent_of, writers};
use super::report::Finding;
use super::usage::{By, Fields, Object, Query, Used};
use crate::dsl::mapping::{Mapping, Side};

const PACKAGE: &str =
    "install senders/salesforce, and assign its permission set Stepwell Integration to the integration's user";
const RIGHTS: &str = "assign the permission set Stepwell Integration of senders/salesforce to the integration's user, or give it the right";

/// Warn if fewer API requests than this are left for the day.
const REQUESTS_LEFT_MIN: u64 = 1_000;

/// A field that exists only with multiple currencies; the workflows adapt to its absence.
const CURRENCY: &str = "CurrencyIsoCode";

/// An org being checked.
pub struct Org<'a> {
    ask: &'a Ask<'a>,
    used: &'a Used,
    base: String,
    described: BTreeMap<String, Option<Value>>,
    /// Missing objects, each reported once.
    absent: BTreeSet<String>,
    /// Whether records have a currency field.
    has_currencies: bool,
    /// Findings so far.
    pub findings: Vec<Finding>,
}

impl<'a> Org<'a> {
    /// Prepares the check of an org.
    pub fn new(ask: &'a Ask<'a>, used: &'a Used) -> Self {
        let version = if used.version.is_empty() { "v62.0" } else { &used.version };
        let base = format!("services/data/{version}");
        Self {
            ask,
            used,
            base,
            described: BTreeMap::new(),
            absent: BTreeSet::new(),
            has_currencies: true,
            findings: Vec::new(),
        }
    }

    /// Checks everything that is used. Returns false if the org cannot be queried at all.
    pub async fn check(&mut self) -> bool {
        if !self.check_access().await {
            return false;
        }
        self.has_currencies = self.describe("Account").await.is_none() || self.currencies().await.is_some();
        let used = self.used;
        for name in used.objects.keys().chain(used.queries.keys()).collect::<BTreeSet<_>>() {
            let (object, query) = (used.objects.get(name), used.queries.get(name));
            self.check_object(name, object, query).await;
        }
        for (text, by) in &used.unread {
            if let Err(refused) = self.ask.get(&format!("{}/query", self.base), &[("q", text)], &[]).await {
                let problem = format!("a query is refused: {}", refused.detail);
                self.findings.push(Finding::error("query", problem, "correct the query", by));
            }
        }
        true
    }

    /// Checks that the org accepts our credentials, and how many of the day's requests are left.
    async fn check_access(&mut self) -> bool {
        match self.ask.get(&format!("{}/limits", self.base), &[], &[]).await {
            Ok(limits) => {
                let daily = &limits["DailyApiRequests"];
                if let (Some(max), Some(left)) = (daily["Max"].as_u64(), daily["Remaining"].as_u64())
                    && (left.saturating_mul(10) < max || left < REQUESTS_LEFT_MIN)
                {
                    let problem = format!("only {left} of the {max} daily API requests are left");
                    let next = "find out which integration uses them (Setup, Company Information), or buy more";
                    self.findings.push(Finding::warning("DailyApiRequests", problem, next, &By::new()));
                }
                true
            }
            Err(refused) => {
                self.findings.push(no_access(&refused));
                false
            }
        }
    }

    /// Returns the describe of an object; `None` if the user cannot see it.
    pub async fn describe(&mut self, name: &str) -> Option<&Value> {
        let key = name.to_lowercase();
        if !self.described.contains_key(&key) {
            let answer = self.ask.get(&format!("{}/sobjects/{name}/describe", self.base), &[], &[]).await;
            self.described.insert(key.clone(), answer.ok());
        }
        self.described[&key].as_ref()
    }

    async fn check_object(&mut self, name: &str, object: Option<&Object>, query: Option<&Query>) {
        let by: By = object.iter().flat_map(|of| &of.by).chain(query.iter().flat_map(|of| &of.by)).cloned().collect();
        let Some(describe) = self.describe(name).await.cloned() else {
            self.note_absent(name, &by);
            return;
        };
        if let Some(object) = object {
            self.check_rights(name, object, &describe);
            self.check_required(name, object, &describe);
        }
        let mut missing = false;
        for (path, need) in needs(object, query) {
            missing |= !self.check_path(name, &path, &need).await;
        }
        if let Some(query) = query {
            for (relation, fields) in &query.children {
                missing |= !self.check_children(name, &describe, relation, fields).await;
            }
            if !missing {
                self.try_query(name, query).await;
            }
        }
    }

    fn note_absent(&mut self, name: &str, by: &By) {
        if self.absent.insert(name.to_lowercase()) {
            let problem = "the object does not exist, or the integration's user may not see it";
            self.findings.push(Finding::error(name, problem, RIGHTS, by));
        }
    }

    fn check_rights(&mut self, name: &str, object: &Object, describe: &Value) {
        let (creates, updates) = (writers(&object.creates), writers(&object.updates));
        for (flag, verb, by) in [
            ("createable", "create", &creates),
            ("updateable", "edit", &updates),
            ("deletable", "delete", &object.deletes),
        ] {
            if !by.is_empty() && describe[flag] == Value::Bool(false) {
                let problem = format!("the integration's user may not {verb} such records");
                self.findings.push(Finding::error(name, problem, RIGHTS, by));
            }
        }
    }

    /// Reports fields that a new record requires but no workflow sets.
    fn check_required(&mut self, name: &str, object: &Object, describe: &Value) {
        if object.creates.is_empty() {
            return;
        }
        let is_set =
            |field: &str| object.creates.keys().chain(object.keys.keys()).any(|name| name.eq_ignore_ascii_case(field));
        for field in describe["fields"].as_array().into_iter().flatten() {
            let is = |flag: &str| field[flag] == Value::Bool(true);
            let known = field["name"].as_str().unwrap_or_default();
            let is_needed =
                !is("nillable") && !is("defaultedOnCreate") && is("createable") && field["type"] != "boolean";
            if is_needed && !is_set(known) {
                let problem = "a new record needs a value, but no workflow sets one";
                let next =
                    format!("add a row for it to the mapping of {name}, give the field a default, or make it optional");
                self.findings.push(Finding::error(format!("{name}.{known}"), problem, next, &writers(&object.creates)));
            }
        }
    }

    /// Checks that a field exists, possibly through references, and permits its use.
    async fn check_path(&mut self, object: &str, path: &str, need: &Need) -> bool {
        let mut object = object.to_owned();
        let mut parts: Vec<&str> = path.split('.').collect();
        let name = parts.pop().unwrap_or_default();
        if name == CURRENCY && !self.has_currencies && need.creates.is_empty() && need.updates.is_empty() {
            return true;
        }
        for relation in parts {
            let Some(target) = self.describe(&object).await.and_then(|describe| parent_of(describe, relation)) else {
                let next = "correct the query, or give the user access to the lookup field";
                let problem = format!("there is no reference {relation}, or the integration's user may not see it");
                self.findings.push(Finding::error(format!("{object}.{relation}"), problem, next, &need.all()));
                return false;
            };
            object = target;
        }
        let Some(describe) = self.describe(&object).await.cloned() else {
            self.note_absent(&object, &need.all());
            return false;
        };
        let Some(field) = field_of(&describe, name) else {
            let problem =
                format!("the field is missing, or the integration's user may not see it; it is {}", need.verb());
            let next = if name.ends_with("__c") { PACKAGE } else { "give the integration's user access to the field" };
            self.findings.push(Finding::error(format!("{object}.{name}"), problem, next, &need.all()));
            return false;
        };
        self.check_use(&object, &describe, field, need);
        true
    }

    fn check_use(&mut self, object: &str, describe: &Value, field: &Value, need: &Need) {
        let is = |flag: &str| field[flag] == Value::Bool(true);
        let name = field["name"].as_str().unwrap_or_default();
        let subject = format!("{object}.{name}");
        let writers: By = need.creates.iter().chain(&need.updates).cloned().collect();
        // An object that is read-only as a whole has already been reported.
        let lacks = |by: &By, flag: &str| !by.is_empty() && !is(flag) && describe[flag] != Value::Bool(false);
        let refused = lacks(&need.creates, "createable") || lacks(&need.updates, "updateable");
        // A field that is only set at creation, such as the price book of a price, is not updateable for anyone.
        if refused && !(is("createable") && need.updates.is_subset(&need.creates)) {
            let problem = "the field is read-only for the integration's user, and it is written";
            self.findings.push(Finding::error(&subject, problem, RIGHTS, &writers));
        }
        if !need.keys.is_empty() && !is("idLookup") {
            let problem = "the field is not an external id, but records are found or created by it";
            let next = format!("mark the field as external id and unique, or {PACKAGE}");
            self.findings.push(Finding::error(&subject, problem, next, &need.keys));
        } else if !need.keys.is_empty() && name != "Id" && !is("unique") {
            let problem =
                "the external id is not unique: two records may have the same key, and then neither is written";
            self.findings.push(Finding::warning(&subject, problem, "mark the field as unique", &need.keys));
        }
    }

    async fn check_children(&mut self, object: &str, describe: &Value, relation: &str, fields: &Fields) -> bool {
        let by: By = fields.values().flatten().cloned().collect();
        let relations = describe["childRelationships"].as_array().into_iter().flatten();
        let is_meant =
            |of: &&Value| of["relationshipName"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(relation));
        let Some(child) = relations.filter(is_meant).find_map(|of| of["childSObject"].as_str()).map(str::to_owned)
        else {
            let problem = "this child relationship does not exist, or the integration's user may not see them";
            self.findings.push(Finding::error(format!("{object}.{relation}"), problem, PACKAGE, &by));
            return false;
        };
        let mut complete = true;
        for (path, by) in fields {
            complete &= self.check_path(&child, path, &Need { reads: by.clone(), ..Need::default() }).await;
        }
        complete
    }

    /// Runs each query for one row, so that the org itself validates it.
    async fn try_query(&mut self, name: &str, query: &Query) {
        let has = |column: &&String| self.has_currencies || *column != CURRENCY;
        let columns = query.columns.keys().filter(has).cloned();
        let children = query.children.iter().filter(|(_, fields)| !fields.is_empty());
        let children = children.map(|(relation, fields)| {
            let fields: Vec<&str> = fields.keys().map(String::as_str).collect();
            format!("(SELECT {} FROM {relation})", fields.join(", "))
        });
        let columns: Vec<String> = columns.chain(children).collect();
        let columns = if columns.is_empty() { "Id".to_owned() } else { columns.join(", ") };
        let text = format!("SELECT {columns} FROM {name} LIMIT 1");
        if let Err(refused) = self.ask.get(&format!("{}/query", self.base), &[("q", &text)], &[]).await {
            let problem = format!("the workflows' query is refused: {}", refused.detail);
            self.findings.push(Finding::error(name, problem, "correct the query, or give the user access", &query.by));
        }
    }

    /// Checks that what a mapping writes fits the org's fields.
    pub async fn check_mapping(&mut self, mapping: &Mapping, side: Side) {
        let object = mapping.types[side as usize].clone();
        let Some(used) = self.used.objects.get(&object) else { return };
        let by = used.by.clone();
        let Some(describe) = self.describe(&object).await.cloned() else { return };
        for row in mapping.rows.iter().filter(|row| row.route(side).is_some()) {
            let Some(field) = row.field(side).and_then(|path| field_of(&describe, &path.to_string())) else {
                continue;
            };
            let name = field["name"].as_str().unwrap_or_default();
            let length = field["length"].as_u64().filter(|length| *length > 0);
            let max = row.route(side).and_then(|way| way.fits.as_ref()).and_then(|fits| fits.max);
            if let (Some(length), Some(max)) = (length, max)
                && max > length
            {
                let problem = format!("the field holds {length} characters, but mapping {} allows {max}", mapping.name);
                let next = format!("set `max: {length}` in row {} of mappings/{}.yaml", row.number, mapping.name);
                self.findings.push(Finding::warning(format!("{object}.{name}"), problem, next, &by));
            }
            if field["restrictedPicklist"] == Value::Bool(true) {
                self.check_values(mapping, &format!("{object}.{name}"), field, &by);
            }
        }
    }

    /// Checks that a restricted picklist has the values in a mapping's samples.
    fn check_values(&mut self, mapping: &Mapping, subject: &str, field: &Value, by: &By) {
        let active =
            field["picklistValues"].as_array().into_iter().flatten().filter(|of| of["active"] == Value::Bool(true));
        let active: Vec<&str> = active.filter_map(|of| of["value"].as_str()).collect();
        let name = field["name"].as_str().unwrap_or_default();
        let given = mapping.samples.iter().filter_map(|sample| sample.gives.as_ref().ok()?.get(name)?.as_str());
        let foreign: BTreeSet<&str> = given.filter(|value| !active.contains(value)).collect();
        if !foreign.is_empty() {
            let foreign: Vec<&str> = foreign.into_iter().collect();
            let problem = format!(
                "the picklist accepts only {}, but mapping {} produces {}",
                active.join(", "),
                mapping.name,
                foreign.join(", ")
            );
            let next = "add the values to the picklist, or map to existing ones";
            self.findings.push(Finding::error(subject, problem, next, by));
        }
    }

    /// Returns the codes of active currencies, or `None` for an org with a single currency.
    pub async fn currencies(&mut self) -> Option<Vec<String>> {
        let describe = self.describe("Account").await?;
        let field = field_of(describe, "CurrencyIsoCode")?;
        let values = field["picklistValues"].as_array().into_iter().flatten();
        let active = values.filter(|of| of["active"] == Value::Bool(true));
        Some(active.filter_map(|of| of["value"].as_str().map(str::to_owned)).collect())
    }

    /// Returns the newest records of a mapping's object, with the fields that it translates.
    pub async fn sample(&mut self, mapping: &Mapping, side: Side, count: usize) -> Vec<Value> {
        let object = mapping.types[side as usize].clone();
        if !self.used.objects.contains_key(&object) && !self.used.queries.contains_key(&object) {
            return Vec::new();
        }
        let Some(describe) = self.describe(&object).await.cloned() else { return Vec::new() };
        let mut columns = vec!["Id".to_owned()];
        for row in &mapping.rows {
            let Some(path) = row.field(side) else { continue };
            if let Some(field) = field_of(&describe, &path.to_string()) {
                columns.extend(field["name"].as_str().map(str::to_owned));
            }
        }
        columns.sort();
        columns.dedup();
        columns.extend(self.lines(mapping, side, &describe));
        let won = if field_of(&describe, "IsWon").is_some() { " WHERE IsWon = true" } else { "" };
        let text =
            format!("SELECT {} FROM {object}{won} ORDER BY LastModifiedDate DESC LIMIT {count}", columns.join(", "));
        let answer = self.ask.get(&format!("{}/query", self.base), &[("q", &text)], &[]).await;
        answer.ok().and_then(|answer| answer["records"].as_array().cloned()).unwrap_or_default()
    }

    /// Builds a subquery for the lines that a mapping translates, with the fields that workflows read.
    fn lines(&self, mapping: &Mapping, side: Side, describe: &Value) -> Option<String> {
        let (list, _) = mapping.rows.iter().find_map(|row| row.field(side)?.in_lines())?;
        let relation = list.0.first()?;
        let relations = describe["childRelationships"].as_array().into_iter().flatten();
        let child =
            relations.filter(|of| of["relationshipName"] == **relation).find_map(|of| of["childSObject"].as_str())?;
        let columns: Vec<&str> = self.used.queries.get(child)?.columns.keys().map(String::as_str).collect();
        Some(format!("(SELECT {} FROM {relation})", columns.join(", ")))
    }
}

/// Reports that the account cannot be queried at all.
pub fn no_access(refused: &Refused) -> Finding {
    let next = match refused.status {
        Some(401) => "check the credentials of the connection in hub.yaml, and the External Client App behind them",
        Some(403) => "give the integration's user the permission API Enabled, and look at the day's limit of requests",
        Some(_) => "check the base URL of the connection in hub.yaml",
        None => "check the base URL, `network.allow` and the secrets of the connection",
    };
    let problem = format!("the account cannot be read: {}", refused.detail);
    Finding::error("connection", problem, next, &By::new())
}
