//! `emit`: the CloudEvent that a task publishes.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::definition::{EmitTask, TaskKind};
use crate::dsl::source::Node;

impl<'s> Builder<'s> {
    pub(crate) fn emit(&mut self, value: Node<'s>, scope: &Scope) -> Option<TaskKind> {
        let event = self.closed(value, &["event"]).and_then(|n| self.required(n, "event"))?;
        let with = self.closed(event, &["with"]).and_then(|n| self.required(n, "with")).and_then(|n| self.object(n))?;
        for key in ["source", "type"] {
            self.required(with, key);
        }
        let mut attributes = Vec::new();
        let mut fits = true;
        for (name, value) in with.entries().filter(|(name, _)| *name != "data") {
            fits &= self.attribute_name(name, value);
            match self.text_template(value, Stage::Within, scope) {
                Some(template) => attributes.push((name.to_owned(), template)),
                None => fits = false,
            }
        }
        let data = with.get("data").map(|n| self.template(n, Stage::Within, scope));
        let data = complete(data)?;
        fits.then(|| TaskKind::Emit(Box::new(EmitTask { attributes, data })))
    }
}
