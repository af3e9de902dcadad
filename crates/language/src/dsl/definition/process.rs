//! Programs that a definition runs: commands, scripts and containers.

use stepwell_expr::Template;

/// A kind of program. Definitions may use it only if an operator allows it.
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
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Shell, Self::JavaScript, Self::Python, Self::Container];

    /// Returns the name of the kind in the node's settings.
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

/// The program of `run: shell`, `script` or `container`. Templates see the task's transformed input.
#[derive(Debug)]
pub struct ProcessCall {
    /// The kind of program.
    pub kind: ProcessKind,
    /// The shell command, the source of the script, or the container image.
    pub code: Template,
    /// The command in the container; `None`: the image's own.
    pub command: Option<Template>,
    /// The name of the container.
    pub name: Option<Template>,
    /// When the container image is pulled.
    pub pull: Pull,
    /// The arguments: a list of texts.
    pub arguments: Option<Template>,
    /// The environment variables: an object of texts.
    pub environment: Option<Template>,
    /// The standard input.
    pub stdin: Option<Template>,
    /// What the task returns as its raw output.
    pub returns: ProcessReturn,
    /// Whether the task waits for the program to exit.
    pub awaits: bool,
}

/// `pullPolicy`: when a container image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pull {
    /// Only if the image is not present.
    #[default]
    IfNotPresent,
    /// At every start.
    Always,
    /// Never; the image must be present.
    Never,
}

/// `return`: what a program's task returns as its raw output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessReturn {
    /// The standard output.
    #[default]
    Stdout,
    /// The standard error.
    Stderr,
    /// The exit code.
    Code,
    /// An object of exit code, standard output and standard error.
    All,
    /// `null`.
    None,
}

/// Longest name of an image and of a container, in characters.
const IMAGE_CHARS_MAX: usize = 512;
const CONTAINER_NAME_CHARS_MAX: usize = 128;

/// Explains why the name of an image is invalid; `None` if it is valid. The format is
/// `[REGISTRY[:PORT]/]PATH[:TAG][@DIGEST]`.
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

/// Explains why the name of a container is invalid; `None` if it is valid.
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

/// Explains why the name of an environment variable is invalid; `None` if it is valid.
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
