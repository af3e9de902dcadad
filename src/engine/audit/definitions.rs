//! Deployed versions: each must hash to what was deployed.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::PgConnection;

use super::Report;
use crate::engine::catalog::{Loaded, rebuild_built};
use crate::store::StoreError;
use crate::store::definitions::{self, DefinitionRow};

const PAGE: i64 = 100;

/// The versions that runs are folded with, as the database has them.
#[derive(Clone, Default)]
pub(super) struct Definitions(Arc<HashMap<i32, Loaded>>);

impl Definitions {
    pub(super) fn get(&self, id: i32) -> Option<&Loaded> {
        self.0.get(&id)
    }

    /// Reads all of them and checks each.
    pub(super) async fn read(conn: &mut PgConnection, report: &mut Report) -> Result<Self, StoreError> {
        let (mut all, mut after) = (HashMap::new(), i32::MIN);
        loop {
            let rows = definitions::deployed_after(&mut *conn, after, &[], PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                report.definitions += 1;
                if let Some(loaded) = check(row, report) {
                    all.insert(row.id, loaded);
                }
            }
        }
        Ok(Self(Arc::new(all)))
    }
}

fn check(row: &DefinitionRow, report: &mut Report) -> Option<Loaded> {
    let called = format!("{}/{}:{}", row.namespace, row.name, row.version);
    let built = match rebuild_built(row) {
        Ok(built) => built,
        Err(why) => {
            report.find("definitions", row.id, format!("the definition {called} cannot be read: {why}"));
            return None;
        }
    };
    if built.definition.workflow.to_string() != called {
        let what = format!("the definition {called} has the source of {}", built.definition.workflow);
        report.find("definitions", row.id, what);
    }
    if built.hash.as_slice() != row.hash {
        let what =
            format!("the definition {called} is not what was deployed: its source or functions do not match its hash");
        report.find("definitions", row.id, what);
    }
    Some(Loaded { id: row.id, definition: built.definition })
}
