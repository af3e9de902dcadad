//! All SQL of Stepwell: one statement, one documented function.

pub mod access;
pub mod events;
pub mod journal;
pub mod listing;

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, refuses connections or goes down: try again.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused the statement or its values.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
    /// A row says something that this version of Stepwell does not understand.
    #[error("a row of {table} cannot be read: {why}")]
    Unreadable {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(e) => {
                let code = e.code().unwrap_or_default();
                // Classes 08 connection, 53 resources, 57 operator intervention, 40 rollback; 25006 read-only standby.
                if ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) || code == "25006" {
                    Self::Unavailable(error)
                } else {
                    Self::Refused(error)
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_) => Self::Refused(error),
            _ => Self::Unavailable(error),
        }
    }
}
