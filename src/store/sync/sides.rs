//! Sides in the database. Whatever a mapping calls its two sides, the columns `crm_id` and `crm`, and the word `crm` in `chosen`, are of
//! the first one; `erp_id`, `erp` and `erp` are of the second. Nodes of the version before know no other names.

use crate::dsl::mapping::Side;

/// The word for a side.
#[must_use]
pub fn written(side: Side) -> &'static str {
    match side {
        Side::First => "crm",
        Side::Second => "erp",
    }
}

/// The side that a word stands for.
#[must_use]
pub fn read(word: &str) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| written(*side) == word)
}
