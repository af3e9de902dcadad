//! `metadata.task`: the question that a `listen` asks a person.

use stepwell_expr::Template;

use super::{Definition, Schema};

/// CloudEvents `type` of the event with a person's answer. Only Stepwell sends it, and only to the step that asked.
pub const TASK_COMPLETED: &str = "dev.stepwell.task.completed";

/// Roles that a question can name: the scopes that allow a person to decide.
pub const ROLES: [&str; 3] = ["operate", "deploy", "admin"];

/// Most users that a question can name.
pub const USERS_MAX: usize = 100;

/// `metadata.task`: a question to a person.
#[derive(Debug)]
pub struct Question {
    /// What the person must decide, in one line.
    pub title: Template,
    /// What the person should know.
    pub description: Option<Template>,
    /// JSON Schema of the answer; `None`: any answer is valid.
    pub schema: Option<Schema>,
    /// Who may decide; `None`: everyone who may operate runs.
    pub assignees: Option<Assignees>,
}

/// `metadata.task.assignees`: any one of these people may decide.
#[derive(Debug, Default)]
pub struct Assignees {
    /// User names: a template that returns a text or a list of texts.
    pub users: Option<Template>,
    /// Scopes; a person needs one of them.
    pub roles: Vec<String>,
}

impl Definition {
    /// Whether any step waits for a person.
    #[must_use]
    pub fn asks_people(&self) -> bool {
        self.tasks.iter().any(|task| task.metadata.question.is_some())
    }
}

/// Longest user name, in characters.
pub const USER_NAME_CHARS_MAX: usize = 64;

/// Whether a text is a valid user name: 1 to 64 ASCII letters, digits and `. _ - @ +`, beginning with a letter or
/// digit.
#[must_use]
pub fn is_user_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins
        && text.len() <= USER_NAME_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@+".contains(&b))
}
