//! What a `listen` asks of a person: `metadata.task`.

use stepwell_expr::Template;

use super::{Definition, Schema};

/// CloudEvents `type` of the event with a person's answer. Only Stepwell sends it, and only to the step that asked.
pub const TASK_COMPLETED: &str = "dev.stepwell.task.completed";

/// Roles that a question can name: scopes that suffice for deciding.
pub const ROLES: [&str; 3] = ["operate", "deploy", "admin"];

/// Most users that a question can name.
pub const USERS_MAX: usize = 100;

/// `metadata.task`
#[derive(Debug)]
pub struct Question {
    /// What is to be decided, in a line.
    pub title: Template,
    /// What the person should know.
    pub description: Option<Template>,
    /// What the answer must match. Without it every answer will do.
    pub schema: Option<Schema>,
    /// Who may decide; without it everyone who may operate.
    pub assignees: Option<Assignees>,
}

/// `metadata.task.assignees`: any one of these may decide.
#[derive(Debug, Default)]
pub struct Assignees {
    /// Names of users: gives a text, or a list of texts.
    pub users: Option<Template>,
    /// Scopes, of which a person needs one.
    pub roles: Vec<String>,
}

impl Definition {
    /// Whether it has a step that waits for a person.
    #[must_use]
    pub fn asks_people(&self) -> bool {
        self.tasks.iter().any(|task| task.metadata.question.is_some())
    }
}

/// Longest name of a user.
pub const USER_NAME_CHARS_MAX: usize = 64;

/// Whether a text can be the name of a user: 1 to 64 letters `a` to `z`, digits and `. _ - @ +`, beginning with a letter or digit.
#[must_use]
pub fn is_user_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins
        && text.len() <= USER_NAME_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@+".contains(&b))
}
