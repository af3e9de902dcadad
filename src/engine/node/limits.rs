//! Limits of connections that all nodes share, kept in the database.

use std::sync::Weak;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::connect::{Grant, Ledger, SharedLimits};
use crate::engine::context::Context;
use crate::store::StoreError;
use crate::store::nodes::limits::{self, Left};

/// How soon a node looks again for a call of another node that has ended.
const SLOT_AGAIN: Duration = Duration::from_millis(50);
const AGAIN_MIN: Duration = Duration::from_millis(10);
const AGAIN_MAX: Duration = Duration::from_secs(1);

/// The ledger of this node's connections.
#[derive(Debug)]
pub(in crate::engine) struct SharedLedger(pub(in crate::engine) Weak<Context>);

impl Ledger for SharedLedger {
    fn take<'a>(
        &'a self,
        connection: &'a str,
        limits: &'a SharedLimits,
        used: u32,
        wanted: u32,
    ) -> BoxFuture<'a, Result<Grant, String>> {
        Box::pin(async move {
            let Some(context) = self.0.upgrade() else { return Err("the node is shutting down".to_owned()) };
            take_of_limits(&context, connection, limits, used, wanted).await.map_err(|error| error.to_string())
        })
    }
}

async fn take_of_limits(
    context: &Context,
    connection: &str,
    shared: &SharedLimits,
    used: u32,
    wanted: u32,
) -> Result<Grant, StoreError> {
    let node = context.node().id;
    let (burst, per_second) = shared.rate.map_or((0.0, 0.0), |rate| (f64::from(rate.requests), rate.per_second()));
    let mut transaction = context.pool.begin().await?;
    let left = limits::left(&mut transaction, connection, node, burst, per_second).await?;
    let grant = granted(shared, &left, used, wanted);
    let tokens = if shared.rate.is_some() { f64::from(grant.calls) } else { 0.0 };
    let used = i32::try_from(used + grant.calls).unwrap_or(i32::MAX);
    limits::take(&mut transaction, connection, node, tokens, used).await?;
    transaction.commit().await?;
    Ok(grant)
}

/// How many calls may go out, and when more may.
fn granted(shared: &SharedLimits, left: &Left, used: u32, wanted: u32) -> Grant {
    let elsewhere = u32::try_from(left.used_elsewhere).unwrap_or(u32::MAX);
    let slots = shared.concurrency.map_or(u32::MAX, |most| most.saturating_sub(used).saturating_sub(elsewhere));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates, and NaN is 0")]
    let tokens = shared.rate.map_or(u32::MAX, |_| left.tokens as u32);
    let calls = wanted.min(slots).min(tokens);
    let again = match shared.rate {
        Some(rate) if tokens <= slots => {
            let missing = (1.0 - (left.tokens - f64::from(calls))).max(0.0);
            Duration::try_from_secs_f64(missing / rate.per_second()).unwrap_or(AGAIN_MAX)
        }
        _ => SLOT_AGAIN,
    };
    Grant { calls, again: again.clamp(AGAIN_MIN, AGAIN_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Rate;

    fn limits(concurrency: Option<u32>, requests: Option<u32>) -> SharedLimits {
        let rate = requests.map(|requests| Rate { requests, per: Duration::from_secs(1) });
        SharedLimits { concurrency, rate }
    }

    #[test]
    fn what_others_use_is_not_granted() {
        let left = Left { tokens: 0.0, used_elsewhere: 3 };
        assert_eq!(granted(&limits(Some(10), None), &left, 2, 9).calls, 5);
        assert_eq!(granted(&limits(Some(5), None), &left, 2, 9).calls, 0);
        assert_eq!(granted(&limits(Some(4), None), &left, 2, 9).calls, 0, "a limit that was lowered is waited for");
        assert_eq!(granted(&limits(None, None), &left, 2, 9).calls, 9);
    }

    #[test]
    fn a_rate_grants_whole_requests_and_says_when_the_next_one_comes() {
        let left = Left { tokens: 2.5, used_elsewhere: 0 };
        let grant = granted(&limits(None, Some(10)), &left, 0, 9);
        assert_eq!(grant, Grant { calls: 2, again: Duration::from_millis(50) });
        assert_eq!(granted(&limits(Some(1), Some(10)), &left, 0, 9), Grant { calls: 1, again: SLOT_AGAIN });
    }
}
