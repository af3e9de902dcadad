//! Saves or releases a link.

use serde_json::{Value, json};

use super::{Had, Hash, Link, Named, Pair, Refusal, Release, Save, Side};

/// Records that the writes of a plan were done, and releases the link. Returns no link if no pair remains. Idempotent
/// for the same run.
///
/// # Errors
/// The run does not hold the link.
pub fn save(link: Option<Link>, ask: &Save) -> Result<(Option<Link>, Value), Refusal> {
    let mut answer = json!({});
    for side in Side::BOTH {
        answer[ask.sides.name(side)] = ask.saved[side].id.clone().into();
    }
    let Some(mut link) = link else {
        // Already saved and deleted by an earlier attempt.
        return Ok((None, answer));
    };
    if link.saved_by == Some(ask.run) && link.holder != Some(ask.run) {
        return Ok((Some(link), answer));
    }
    link.held_by(Named(&ask.entity, &ask.sides), ask.run)?;
    let mut exists = Pair::each(|side| link.ids[side].is_some() || ask.saved[side].id.is_some());
    if let Some(pending) = link.pending.take_if(|pending| pending.run == ask.run) {
        link.had = pending.will;
        exists = pending.exists;
    }
    for side in Side::BOTH {
        let saved = &ask.saved[side];
        if !exists[side] {
            link.ids[side] = None;
            link.had[side] = Had::default();
            continue;
        }
        if saved.id.is_some() {
            link.ids[side].clone_from(&saved.id);
        }
        for (field, value) in saved.fields.iter().flatten() {
            link.had[side].fields.insert(field.clone(), Hash::of(value));
        }
    }
    link.holder = None;
    link.saved_by = Some(ask.run);
    let is_pair = Side::BOTH.iter().all(|side| link.ids[*side].is_some());
    Ok((is_pair.then_some(link), answer))
}

/// Releases a link without saving it. Pending writes stay known, because some of them may have been applied.
#[must_use]
pub fn release(link: Option<Link>, ask: &Release) -> Option<Link> {
    link.map(|link| match link.holder {
        Some(holder) if holder == ask.run => Link { holder: None, ..link },
        _ => link,
    })
}
