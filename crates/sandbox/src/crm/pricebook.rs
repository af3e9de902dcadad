//! Prices of products: a product needs a standard price first, and has one price per price book and currency.

use std::sync::Arc;

use serde_json::Value;

use super::super::records::{Action, Fields, Write, key_text};
use super::Crm;
use super::refusal::Mistake;

/// The currency of a price that names none.
const CURRENCY: &str = "EUR";
const ENTRY: &str = "PricebookEntry";
/// The field that refers to the product; it is indexed.
pub(super) const PRODUCT: &str = "Product2Id";

impl Crm {
    /// Sets the amount of a price that uses the standard price. Reports a mistake if the caller also sent an amount.
    pub(super) fn take_standard_price(&self, fields: &mut Fields, input: &Fields) -> Option<Mistake> {
        if self.has_currencies() {
            fields.entry("CurrencyIsoCode").or_insert_with(|| CURRENCY.into());
        }
        if fields.get("UseStandardPrice") != Some(&Value::Bool(true)) || self.in_standard_book(fields) {
            return None;
        }
        if input.keys().any(|name| name.eq_ignore_ascii_case("UnitPrice")) {
            let message =
                "field integrity exception: UnitPrice (a price that uses the standard price has none of its own)";
            return Some(Mistake::new("FIELD_INTEGRITY_EXCEPTION", message, &["UnitPrice"]));
        }
        let standard = self.standard_price(fields);
        if let Some(price) = standard {
            fields.insert("UnitPrice".into(), price);
        }
        None
    }

    /// Explains why a new price is refused: it exists already, or there is no standard price yet.
    pub(super) fn price_refused(&self, fields: &Fields) -> Option<Mistake> {
        let book = fields.get("Pricebook2Id");
        if self.prices_beside(fields).any(|other| other.get("Pricebook2Id") == book) {
            let message = "This price definition already exists in this price book";
            return Some(Mistake::new("FIELD_INTEGRITY_EXCEPTION", message, &[]));
        }
        let lacks_standard = !self.in_standard_book(fields) && self.standard_price(fields).is_none();
        lacks_standard.then(|| {
            let message = "Before creating a custom price, create a standard price.";
            Mistake::new("STANDARD_PRICE_NOT_DEFINED", message, &[])
        })
    }

    /// Copies the product's name and code to its price.
    pub(super) fn name_price(&self, fields: &mut Fields) {
        let product = fields.get(PRODUCT).and_then(key_text).and_then(|id| self.tables.get("Product2", &id));
        for name in ["Name", "ProductCode"] {
            let value = product.as_ref().and_then(|product| product.get(name).cloned()).unwrap_or_default();
            fields.insert(name.into(), value);
        }
    }

    /// Copies the amount of a standard price to the prices that use it.
    pub(super) fn spread_standard_price(&mut self, id: &str) {
        let Some(standard) = self.tables.get(ENTRY, id).filter(|price| self.in_standard_book(price)) else { return };
        let follows = |price: &Arc<Fields>| price.get("UseStandardPrice") == Some(&Value::Bool(true));
        let followers: Vec<Arc<Fields>> = self.prices_beside(&standard).filter(follows).collect();
        for follower in followers {
            let mut fields = (*follower).clone();
            fields.insert("UnitPrice".into(), standard.get("UnitPrice").cloned().unwrap_or_default());
            let Some(id) = fields.get("Id").and_then(key_text) else { continue };
            self.tables.put(ENTRY, Write { action: Action::Updated, id, external_id: None, fields });
        }
    }

    /// Returns the prices of the same product and currency in all price books.
    fn prices_beside(&self, fields: &Fields) -> impl Iterator<Item = Arc<Fields>> + use<'_> {
        let currency = fields.get("CurrencyIsoCode").cloned();
        let product = fields.get(PRODUCT).and_then(key_text).unwrap_or_default();
        let of_product = self.tables.find(ENTRY, PRODUCT, &product).into_iter();
        let prices = of_product.filter_map(|id| self.tables.get(ENTRY, &id));
        prices.filter(move |other| other.get("CurrencyIsoCode") == currency.as_ref())
    }

    fn in_standard_book(&self, fields: &Fields) -> bool {
        let book = fields.get("Pricebook2Id").and_then(key_text).and_then(|id| self.tables.get("Pricebook2", &id));
        book.is_some_and(|book| book.get("IsStandard") == Some(&Value::Bool(true)))
    }

    /// Returns the standard price of the same product and currency.
    fn standard_price(&self, fields: &Fields) -> Option<Value> {
        self.prices_beside(fields).find(|other| self.in_standard_book(other))?.get("UnitPrice").cloned()
    }
}
