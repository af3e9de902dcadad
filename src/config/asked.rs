//! Which server the command line talks to, and with which token. Never in a file: from flags, variables and the saved
//! login.

/// A server named on the command line.
#[derive(Debug, Clone)]
pub struct Server {
    /// URL as written.
    pub url: String,
    /// Named by a flag of this command, not by a variable.
    pub by_flag: bool,
    /// Whether the token may be sent without TLS.
    pub insecure: bool,
}

/// A bearer token, never printed.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}
