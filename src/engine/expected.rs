//! The place that a run has in the memory of its node before it is committed.

use std::sync::Arc;

use super::mailbox::Mailbox;
use super::node::Node;
use crate::machine::RunId;

/// Given back unless the run is driven: a sender
/// that hangs up, or a deadline, may end a start anywhere.
pub(super) struct Expected {
    node: Arc<Node>,
    run: RunId,
    mailbox: Option<Arc<Mailbox>>,
}

impl Expected {
    pub(super) fn new(node: &Arc<Node>, run: RunId) -> Self {
        Self { node: Arc::clone(node), run, mailbox: Some(node.expect_run(run)) }
    }

    /// The run is committed and will be driven, which gives the place back in the end.
    pub(super) fn take(mut self) -> Option<Arc<Mailbox>> {
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
        assert!(node.drives(run), "it is committed, and whoever drives it gives the place back");
    }
}
