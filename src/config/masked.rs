//! Settings as people may see them: credentials in URLs are masked.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::Settings;
use crate::dsl::credentials::hides_value;

impl Settings {
    /// Returns the settings as JSON with every URL's password masked.
    ///
    /// # Errors
    /// A setting cannot be expressed in JSON.
    pub fn masked(&self) -> serde_json::Result<Value> {
        let mut shown = serde_json::to_value(self)?;
        for_each_text(&mut shown, &mut |text| *text = masked_url(text));
        if let Some(database) = &self.database_url {
            shown["database_url"] = Value::String(masked_database(database));
        }
        Ok(shown)
    }

    /// Returns all settings that are URLs, so that their passwords can be registered as secrets.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut all = serde_json::to_value(self).unwrap_or_default();
        for_each_text(&mut all, &mut |text| found.extend(Some(text.clone()).filter(|text| text.contains("://"))));
        found
    }
}

fn for_each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_text(item, change)),
        Value::Object(entries) => entries.values_mut().for_each(|value| for_each_text(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks a database URL including its parameters. Text that is not a URL is masked completely.
fn masked_database(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) => {
            if url.query().is_some() {
                url.set_query(Some("***"));
            }
            masked_url(url.as_str())
        }
        Err(_) => "***".to_owned(),
    }
}

/// Masks the credentials in a URL: the password, a user name without password, and parameters with telling names. Other
/// text is unchanged.
fn masked_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return without_userinfo(text) };
    if url.cannot_be_a_base() {
        return text.to_owned();
    }
    let is_web = matches!(url.scheme(), "http" | "https");
    let hidden = match (url.username().is_empty(), url.password()) {
        (_, Some(_)) => url.set_password(Some("***")),
        (false, None) if is_web => url.set_username("***"),
        _ => Ok(()),
    };
    if hidden.is_err() {
        return "***".to_owned();
    }
    if url.query_pairs().any(|(name, _)| hides_value(&name)) {
        let shown = |name: &str, value: String| if hides_value(name) { "***".to_owned() } else { value };
        let pairs: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.to_string(), shown(&name, value.into_owned()))).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    if url.fragment().is_some_and(|fragment| fragment.contains('=')) {
        url.set_fragment(Some("***"));
    }
    // With nothing masked, the text stays as written.
    if Url::parse(text).as_ref() == Ok(&url) { text.to_owned() } else { url.to_string() }
}

/// Masks the part before the `@` in all URLs within a text.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    static USERINFO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"://[^\s/?#@"'`]*@"#).expect("the pattern is a constant that a test compiles"));
    USERINFO.replace_all(text, "://***@").into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;
    use super::*;

    #[test]
    fn passwords_are_masked_in_every_url_of_the_settings() {
        let loaded = with(&[
            ("DATABASE_URL", "postgres://u:s3cret@db/x?sslmode=require&sslpassword=s3cret"),
            ("STEPWELL_PUBLIC_URL", "https://ada:s3cret@hub.example/?access_token=s3cret&a=b#token=s3cret"),
            ("STEPWELL_CONNECTIONS__ERP__BASE_URL", "https://s3cret@erp.example/"),
            ("STEPWELL_CONNECTIONS__CRM__BASE_URL", "https://crm.example/?apikey=s3cret&q=1"),
            ("STEPWELL_NETWORK_ALLOW", "http://u:s3cret@10.0.0.1, 127.0.0.1:9911, 10.0.0.0/8"),
        ]);
        let shown = loaded.unwrap().settings.masked().unwrap();
        let text = shown.to_string();
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(shown["database_url"], "postgres://u:***@db/x?***");
        assert_eq!(shown["public_url"], "https://ada:***@hub.example/?access_token=***&a=b#***");
        assert_eq!(shown["connections"]["erp"]["base_url"], "https://***@erp.example/");
        assert_eq!(shown["connections"]["crm"]["base_url"], "https://crm.example/?apikey=***&q=1");
        assert_eq!(shown["network"]["allow"][1], "127.0.0.1:9911");
        assert_eq!(shown["workflows"], "workflows");
    }

    #[test]
    fn a_database_that_is_not_a_url_is_masked_as_a_whole() {
        let shown = with(&[("DATABASE_URL", "host=db user=u password=s3cret")]).unwrap().settings.masked().unwrap();
        assert_eq!(shown["database_url"], "***");
        assert_eq!(without_userinfo("cannot read postgres://u:s3cret@db/x: no"), "cannot read postgres://***@db/x: no");
    }
}
