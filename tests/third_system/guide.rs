//! The files of the guide to a third system together with the shipped ones: the result of following the guide.

use std::path::Path;

/// Files in `workflows/`.
const SHIPPED: [&str; 13] = [
    "hub.yaml",
    "closed-won.yaml",
    "order-status.yaml",
    "credit-limit.yaml",
    "functions/company.yaml",
    "functions/netsuite.yaml",
    "functions/salesforce.yaml",
    "functions/watermarks.yaml",
    "mappings/account.yaml",
    "mappings/address.yaml",
    "mappings/opportunity.yaml",
    "mappings/order-status.yaml",
    "mappings/credit-limit.yaml",
];

/// Files of the guide, except its additions to `hub.yaml`.
pub const OWN: [&str; 7] = [
    "openapi/billing.yaml",
    "functions/billing.yaml",
    "mappings/invoice.yaml",
    "invoice-order.yaml",
    "invoice-order.scenarios.yaml",
    "invoice-paid.yaml",
    "invoice-paid.scenarios.yaml",
];

/// Folder of the guide's files.
pub const FOLDER: &str = "docs/guides/third-system";

/// Returns a file of the repository.
pub fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Returns names and texts of a folder of workflows that includes the third system.
pub fn workflows() -> Vec<(&'static str, String)> {
    let mut files: Vec<_> = SHIPPED.into_iter().map(|name| (name, text(&format!("workflows/{name}")))).collect();
    files[0].1 = with_part(&files[0].1, &text(&format!("{FOLDER}/hub.yaml")));
    files.extend(OWN.into_iter().map(|name| (name, text(&format!("{FOLDER}/{name}")))));
    files
}

/// Returns `hub.yaml` with the entries of a part under the same headings.
fn with_part(hub: &str, part: &str) -> String {
    let (sources, connections) = part.split_once("connections:\n").expect("the part has both headings");
    let sources = sources.split_once("sources:\n").expect("the part has both headings").1;
    let under = |hub: String, heading: &str, entries: &str| {
        let (before, after) = hub.split_once(heading).expect("the shipped hub.yaml has both headings");
        format!("{before}{heading}{}\n{after}", entries.trim_end())
    };
    let hub = under(hub.to_owned(), "\nsources:\n", sources);
    under(hub, "\nconnections:\n", connections)
}
