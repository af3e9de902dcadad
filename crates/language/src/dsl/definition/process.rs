//! Programs in a definition.

use stepwell_expr::Template;

/// A program that an operator allowed definitions to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessKind {
    /// `run: shell`
    Shell,
    /// `run: script` in JavaScript
    JavaScript,
    /// `run: script` in Python
    Python,
    /// `run: container`
    Container,
}

impl ProcessKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Shell, Self::JavaScript, Self::Python, Self::Container];

    /// As an operator names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::Container => "container",
        }
    }
}

/// What `run: shell`, `script` and `container` run. Templates see the task's transformed input.
#[derive(Debug)]
pub struct ProcessCall {
    /// What runs it.
    pub kind: ProcessKind,
    /// The command, the script, or the image.
    pub code: Template,
    /// A container's command.
    pub command: Option<Template>,
    /// A container's name.
    pub name: Option<Template>,
    /// When a container's image is pulled.
    pub pull: Pull,
    /// A list of texts.
    pub arguments: Option<Template>,
    /// An object of texts.
    pub environment: Option<Template>,
    /// What it reads.
    pub stdin: Option<Template>,
    /// What the task's raw output is.
    pub returns: ProcessReturn,
    /// Whether its end is waited for.
    pub awaits: bool,
}

/// `pullPolicy`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pull {
    /// Unless it is there.
    #[default]
    IfNotPresent,
    /// Each time.
    Always,
    /// Not at all.
    Never,
}

/// `return`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessReturn {
    /// What it wrote.
    #[default]
    Stdout,
    /// What it complained about.
    Stderr,
    /// Its exit code.
    Code,
    /// All three.
    All,
    /// Nothing.
    None,
}

/// Longest name of an image, and of a container.
const IMAGE_CHARS_MAX: usize = 512;
const CONTAINER_NAME_CHARS_MAX: usize = 128;

/// What is wrong with the name of an image: `[REGISTRY[:PORT]/]PATH[:TAG][@DIGEST]`.
#[must_use]
pub fn image_flaw(image: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+');
    if image.is_empty() || image.len() > IMAGE_CHARS_MAX {
        return Some("it must have 1 to 512 characters");
    }
    if !image.chars().all(plain) {
        return Some("it may have letters, digits and . _ - / : @ + only");
    }
    let begins_well = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !image.split(['/', ':', '@']).all(begins_well) {
        return Some("each of its parts must begin with a letter or a digit");
    }
    None
}

/// What is wrong with the name that a definition gives to a container.
#[must_use]
pub fn container_name_flaw(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > CONTAINER_NAME_CHARS_MAX {
        return Some("it must have 1 to 128 characters");
    }
    if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Some("it may have letters, digits and . _ - only, and must begin with a letter or a digit");
    }
    None
}

/// What is wrong with the name of an environment variable.
#[must_use]
pub fn variable_flaw(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Some("it may have letters, digits and _ only, and must not begin with a digit");
    }
    if name.starts_with("STEPWELL_") {
        return Some("names that begin with STEPWELL_ are reserved for the node");
    }
    None
}
