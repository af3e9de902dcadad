//! The place that a run has in the memory of its node before it is committed, or read.

use std::sync::Arc;

use super::mailbox::Mailbox;
use crate::engine::node::Node;
use crate::machine::RunId;

/// Given back unless the run is driven: a sender
/// that hangs up, or a deadline, may end a start anywhere; a run may have left meanwhile, or cannot be read.
pub(in crate::engine) struct Expected {
    node: Arc<Node>,
    run: RunId,
    mailbox: Option<Arc<Mailbox>>,
}

impl Expected {
    pub(super) fn new(node: &Arc<Node>, run: RunId) -> Self {
        Self { node: Arc::clone(node), run, mailbox: Some(node.expect_run(run)) }
    }

    /// A place for a run that has none: nobody else here drives it, or begins to, while this is held.
    pub(in crate::engine) fn if_absent(node: &Arc<Node>, run: RunId) -> Option<Self> {
        let mailbox = Some(node.expect_if_absent(run)?);
        Some(Self { node: Arc::clone(node), run, mailbox })
    }

    /// The run is committed and will be driven, which gives the place back in the end.
    pub(in crate::engine) fn take(mut self) -> Option<Arc<Mailbox>> {
        self.mailbox.take()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if self.mailbox.is_some() {
            self.node.forget(self.run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_ends_before_its_commit_leaves_no_run_in_memory() {
        let (node, run) = (Node::outside(), RunId::nil());
        let expected = Expected::new(&node, run);
        assert!(node.drives(run));
        drop(expected);
        assert!(!node.drives(run), "its sender hung up");
        assert!(Expected::new(&node, run).take().is_some());
        assert!(node.drives(run), "it is committed, and its driver gives the place back");
    }

    #[test]
    fn a_run_that_has_a_place_gets_no_second_one() {
        let (node, run) = (Node::outside(), RunId::nil());
        let first = Expected::if_absent(&node, run);
        assert!(first.is_some());
        assert!(Expected::if_absent(&node, run).is_none());
        assert!(node.drives(run), "the second one took nothing away");
        drop(first);
        assert!(Expected::if_absent(&node, run).is_some());
    }
}
