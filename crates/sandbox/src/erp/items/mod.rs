//! What kinds of items there are, and which of them can be sold.

pub(super) mod prices;

/// A kind of item: its record type, what scripts call it, the letters of SuiteQL's `itemtype`, their label, and its subtype.
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

/// All kinds of items. Scripts do not tell those for sale from those for purchase.
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
    /// Whether an order may have it.
    pub fn sells(&self) -> bool {
        self.subtype != Some("Purchase")
    }

    /// Whether each piece has its own number.
    pub fn is_serialized(&self) -> bool {
        self.name.starts_with("serialized")
    }

    /// Whether pieces are told apart by the lot that they came in.
    pub fn is_lot_numbered(&self) -> bool {
        self.name.starts_with("lotNumbered")
    }

    /// Whether someone has to send it: what is not sent is done once it is ordered.
    pub fn ships(&self) -> bool {
        matches!(self.id, "InvtPart" | "Assembly" | "Kit")
    }
}
