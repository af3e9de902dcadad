//! Reads lists page by page.

use serde_json::Value;

use super::{Client, Failure, Path};

/// Items per page: the API's maximum.
const PAGE: usize = 500;

/// The pages of a list, in order.
pub(in crate::cli) struct Pages<'c> {
    client: &'c Client,
    path: Path,
    cursor: Option<String>,
    is_over: bool,
    left: usize,
}

impl<'c> Pages<'c> {
    pub(super) fn new(client: &'c Client, path: Path, items_max: usize) -> Self {
        Self { client, path, cursor: None, is_over: false, left: items_max }
    }

    /// Returns the items of the next page, or `None` after the last.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        if self.is_over || self.left == 0 {
            return Ok(None);
        }
        let path = self.path.clone().with("limit", Some(self.left.min(PAGE))).with("cursor", self.cursor.take());
        let mut page = self.client.get(path).await?;
        let mut items = items_of(&mut page)?;
        items.truncate(self.left);
        self.left -= items.len();
        self.cursor = page["next"].as_str().map(str::to_owned);
        self.is_over = self.cursor.is_none();
        Ok(Some(items))
    }

    /// Returns all items.
    pub(in crate::cli) async fn all(mut self) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        while let Some(items) = self.next().await? {
            all.extend(items);
        }
        Ok(all)
    }
}

/// Returns the items of a page.
pub(super) fn items_of(page: &mut Value) -> Result<Vec<Value>, Failure> {
    match page.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(Failure::Unreadable("the answer is not a page of a list".to_owned())),
    }
}
