//! Sides in the database. Whatever a mapping calls its sides, columns `crm_id` and `crm` and the value `crm` of
//! `chosen` belong to the first; `erp_id`, `erp` and the value `erp` to the second. Nodes of the previous version
//! support no other names.

use crate::dsl::mapping::Side;

/// Returns the name of a side in the database.
#[must_use]
pub fn written(side: Side) -> &'static str {
    match side {
        Side::First => "crm",
        Side::Second => "erp",
    }
}

/// Returns the side with this name in the database.
#[must_use]
pub fn read(word: &str) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| written(*side) == word)
}
