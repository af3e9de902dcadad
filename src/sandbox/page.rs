//! The records of both systems side by side, for people who watch a demo.

use std::fmt::Write;

use serde_json::Value;

use super::crm::Crm;
use super::erp::Erp;

const ROWS_MAX: usize = 25;
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1d2430;background:#fafafa}\
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:2rem}\
h1{font-size:1.3rem}h2{font-size:1.1rem}h3{font-size:.95rem;margin:1.2rem 0 .3rem}\
div{overflow-x:auto}table{border-collapse:collapse;font-size:13px;background:#fff}\
td,th{border:1px solid #dde;padding:.2rem .5rem;text-align:left;vertical-align:top;max-width:18rem;overflow-wrap:anywhere}";

type Column = (&'static str, &'static str);

const CRM_TABLES: [(&str, &[Column]); 4] = [
    (
        "Opportunity",
        &[
            ("Id", "/Id"),
            ("Name", "/Name"),
            ("Stage", "/StageName"),
            ("Amount", "/Amount"),
            ("Sales order", "/NetSuite_Sales_Order_Id__c"),
        ],
    ),
    (
        "Account",
        &[("Id", "/Id"), ("Name", "/Name"), ("Credit limit", "/Credit_Limit__c"), ("Customer", "/NetSuite_Id__c")],
    ),
    ("Contact", &[("Id", "/Id"), ("Last name", "/LastName"), ("E-mail", "/Email")]),
    ("Product2", &[("Id", "/Id"), ("Code", "/ProductCode"), ("Name", "/Name"), ("Item", "/NetSuite_Item_Id__c")]),
];

const ERP_TABLES: [(&str, &[Column]); 4] = [
    (
        "salesOrder",
        &[
            ("Id", "/id"),
            ("External id", "/externalId"),
            ("Customer", "/entity/refName"),
            ("Lines", "/item/totalResults"),
            ("Subtotal", "/subtotal"),
            ("Total", "/total"),
        ],
    ),
    (
        "customer",
        &[
            ("Id", "/id"),
            ("External id", "/externalId"),
            ("Company", "/companyName"),
            ("Credit limit", "/creditLimit"),
            ("Inactive", "/isInactive"),
        ],
    ),
    ("inventoryItem", &[("Id", "/id"), ("External id", "/externalId"), ("Item", "/itemId"), ("Name", "/displayName")]),
    (
        "serviceSaleItem",
        &[("Id", "/id"), ("External id", "/externalId"), ("Item", "/itemId"), ("Name", "/displayName")],
    ),
];

/// The page as HTML.
pub fn render(crm: &Crm, erp: &Erp) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Stepwell sandbox</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
         <h1>Sandbox CRM and ERP</h1><p>See also <a href=\"/ledger\">ledger</a>, <a href=\"/faults\">faults</a>, \
         <a href=\"/settings\">settings</a>.</p><main><section><h2>CRM</h2>"
    );
    for (name, columns) in CRM_TABLES {
        table(&mut html, name, crm.count(name), columns, &crm.newest(name, ROWS_MAX));
    }
    html.push_str("</section><section><h2>ERP</h2>");
    for (name, columns) in ERP_TABLES {
        table(&mut html, name, erp.count(name), columns, &erp.newest(name, ROWS_MAX));
    }
    html.push_str("</section></main></body></html>");
    html
}

fn table(html: &mut String, name: &str, count: usize, columns: &[Column], rows: &[Value]) {
    let _ = write!(html, "<h3>{} ({count})</h3><div><table><tr>", escaped(name));
    for (title, _) in columns {
        let _ = write!(html, "<th>{}</th>", escaped(title));
    }
    html.push_str("</tr>");
    for row in rows {
        html.push_str("<tr>");
        for (_, pointer) in columns {
            let _ = write!(html, "<td>{}</td>", escaped(&text(row.pointer(pointer))));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table></div>");
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn markup_in_records_stays_text() {
        assert_eq!(super::escaped("<b a='x'>&\""), "&lt;b a=&#39;x&#39;&gt;&amp;&quot;");
    }
}
