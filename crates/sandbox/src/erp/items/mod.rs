//! The kinds of items, and which of them can be sold.

pub(super) mod prices;

/// A kind of item: record type, script name, `itemtype` of SuiteQL, its label, and its subtype.
pub struct ItemKind {
    pub name: &'static str,
    pub script: &'static str,
    pub id: &'static str,
    pub label: &'static str,
    pub subtype: Option<&'static str>,
}

const fn kind(
    name: &'static str,
    script: &'static str,
    id: &'static str,
    label: &'static str,
    subtype: Option<&'static str>,
) -> ItemKind {
    ItemKind { name, script, id, label, subtype }
}

const SALE: Option<&str> = Some("Sale");
const RESALE: Option<&str> = Some("Resale");
const PURCHASE: Option<&str> = Some("Purchase");

/// The kinds of items. Scripts do not distinguish items for sale from items for purchase.
pub const ITEM_KINDS: &[ItemKind] = &[
    kind("inventoryItem", "inventoryitem", "InvtPart", "Inventory Item", None),
    kind("serializedInventoryItem", "serializedinventoryitem", "InvtPart", "Inventory Item", None),
    kind("lotNumberedInventoryItem", "lotnumberedinventoryitem", "InvtPart", "Inventory Item", None),
    kind("assemblyItem", "assemblyitem", "Assembly", "Assembly/Bill of Materials", None),
    kind("kitItem", "kititem", "Kit", "Kit/Package", None),
    kind("nonInventorySaleItem", "noninventoryitem", "NonInvtPart", "Non-inventory Item", SALE),
    kind("nonInventoryResaleItem", "noninventoryitem", "NonInvtPart", "Non-inventory Item", RESALE),
    kind("nonInventoryPurchaseItem", "noninventoryitem", "NonInvtPart", "Non-inventory Item", PURCHASE),
    kind("serviceSaleItem", "serviceitem", "Service", "Service", SALE),
    kind("serviceResaleItem", "serviceitem", "Service", "Service", RESALE),
    kind("servicePurchaseItem", "serviceitem", "Service", "Service", PURCHASE),
    kind("otherChargeSaleItem", "otherchargeitem", "OthCharge", "Other Charge", SALE),
    kind("otherChargeResaleItem", "otherchargeitem", "OthCharge", "Other Charge", RESALE),
    kind("otherChargePurchaseItem", "otherchargeitem", "OthCharge", "Other Charge", PURCHASE),
];

/// The record types of all items.
pub const ITEMS: &[&str] = &{
    let mut names = [""; ITEM_KINDS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = ITEM_KINDS[n].name;
        n += 1;
    }
    names
};

impl ItemKind {
    /// Whether an order may contain it.
    pub fn sells(&self) -> bool {
        self.subtype != Some("Purchase")
    }

    /// Whether each piece has its own serial number.
    pub fn is_serialized(&self) -> bool {
        self.name.starts_with("serialized")
    }

    /// Whether pieces are tracked by lot number.
    pub fn is_lot_numbered(&self) -> bool {
        self.name.starts_with("lotNumbered")
    }

    /// Whether it needs a fulfillment. Other items are complete once they are ordered.
    pub fn ships(&self) -> bool {
        matches!(self.id, "InvtPart" | "Assembly" | "Kit")
    }
}
