//! Whom the command line asks, and as whom. No file says it: flags, variables and the saved login do.

/// A server that was named at the command line.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its address as it was written.
    pub url: String,
    /// By a flag of this command, not by a variable.
    pub by_flag: bool,
    /// The token may be sent without TLS.
    pub insecure: bool,
}

/// A bearer token that is never printed.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}
