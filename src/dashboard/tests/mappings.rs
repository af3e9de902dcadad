//! The pages of mappings.

use super::*;

const TABLE: &str = r"
mapping: partner
title: Partners
note: Who they are
crm: { type: Account }
erp: { type: payer, system: Billing }
records: { created: toErp }
rows:
  - { crm: Name, erp: companyName, master: crm, required: erp }
  - { crm: Email__c, erp: email, direction: toErp, toErp: ascii_downcase, default: { erp: nobody }, note: small letters }
  - { crm: Hold__c, erp: hold.id, master: newest, foreign: report }
  - { erp: subsidiary.id, value: '2' }
samples:
  - { name: a partner, from: crm, record: { Name: A }, gives: { companyName: A, email: nobody, hold: { id: null }, subsidiary: { id: '2' } } }
  - { name: a wrong one, from: crm, record: { Name: A }, gives: { companyName: B } }
  - { name: none, from: crm, record: {}, fails: 'row 1' }
";

/// Returns the pages for versions of a workflow that uses a mapping, as loaded from the database.
async fn site(pool: &PgPool, versions: &[(&str, &str)]) -> Site {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    for (version, table) in versions {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mappings")).unwrap();
        std::fs::write(folder.path().join("mappings/partner.yaml"), table).unwrap();
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: crm-erp, name: sync, version: '{version}' }}\ndo:\n  - map: {{ call: partner.toErp, with: {{ record: '${{ . }}' }} }}\n"
        );
        let built = dsl::build("sync.yaml", &text, &Functions::load(folder.path()).unwrap()).unwrap();
        engine.deploy(&built, &Actor("test".into())).await.unwrap();
    }
    Site::new(pool, Scope::Read).await
}

/// Returns the cells of a table row, without markup.
fn cells(page: &str, number: usize) -> Vec<String> {
    let row =
        page.split(&format!("<td class=\"num\">{number}</td>")).nth(1).and_then(|rest| rest.split("</tr>").next());
    let strip = |cell: &str| {
        let kept = cell.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        kept.collect::<String>().trim().to_owned()
    };
    row.unwrap().split("</td>").map(strip).collect()
}

#[sqlx::test]
async fn a_mapping_is_shown_as_a_table_with_its_samples_played(pool: PgPool) {
    let site = site(&pool, &[("1.0.0", TABLE)]).await;
    let (_, list) = site.get("/mappings").await;
    for text in
        ["href=\"/mappings/partner\">Partners<", "CRM: Account and Billing: payer", "4 rows", "crm-erp/sync:1.0.0"]
    {
        assert!(list.contains(text), "{text}: {list}");
    }
    let (status, page) = site.get("/mappings/partner").await;
    assert_eq!(status, StatusCode::OK);
    let row = |number| cells(&page, number)[..7].to_vec();
    assert_eq!(row(1), ["Name", "↔both ways", "companyName", "CRM", "unchanged, required", "unchanged", ""]);
    assert_eq!(
        row(2),
        ["Email__c", "→to Billing", "email", "CRM", "ascii_downcase, else &#34;nobody&#34;", "", "small letters"]
    );
    assert_eq!(row(3)[3], "the newest change, other changes are reported");
    assert_eq!(row(4), ["", "→to Billing", "subsidiary.id", "", "always &#34;2&#34;", "", ""]);
    assert!(page.contains("New records in CRM are created in Billing."), "{page}");
    let samples: Vec<&str> = page.split("aria-label=\"Sample\"").skip(1).collect();
    assert!(samples[0].contains("Passes") && !samples[0].contains("Fails"), "{}", samples[0]);
    assert!(samples[1].contains("Fails") && samples[1].contains("it gives {"), "{}", samples[1]);
    assert!(samples[2].contains("Passes") && samples[2].contains("is rejected with"), "{}", samples[2]);
    assert_eq!(site.get("/mappings/other").await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn each_version_shows_the_table_with_which_it_was_deployed(pool: PgPool) {
    let newer = TABLE.replace("ascii_downcase", "ascii_upcase");
    let site = site(&pool, &[("1.0.0", TABLE), ("1.1.0", TABLE), ("2.0.0", &newer)]).await;
    let (_, page) = site.get("/mappings/partner").await;
    assert!(page.contains("ascii_upcase") && !page.contains("ascii_downcase"), "new runs take the newest: {page}");
    let older = page.split("href=\"").filter_map(|part| part.split('"').next()).find(|href| href.contains("1%2E1%2E0"));
    let (_, page) = site.get(older.unwrap()).await;
    assert!(page.contains("ascii_downcase") && !page.contains("ascii_upcase"), "{page}");
    assert!(page.contains("crm-erp/sync:1.0.0") && page.contains("(an older version)"), "{page}");
    assert!(site.get("/mappings").await.1.contains("2 tables"));
    assert_eq!(site.get("/mappings/partner?of=crm-erp%2Fsync%3A9.0.0").await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn what_a_mapping_says_stays_text(pool: PgPool) {
    let hostile = "<script>alert(1)</script>";
    let table = TABLE
        .replace("title: Partners", &format!("title: '{hostile}'"))
        .replace("note: Who they are", &format!("note: '{hostile}'"))
        .replace("type: payer, system: Billing", &format!("type: '{hostile}', system: '{hostile}'"))
        .replace("note: small letters", &format!("note: '{hostile}'"))
        .replace("toErp: ascii_downcase", &format!("toErp: '. + \"{hostile}\"'"))
        .replace("name: a partner", &format!("name: '{hostile}'"))
        .replace("companyName: B", &format!("'{hostile}': '{hostile}'"));
    let site = site(&pool, &[("1.0.0", &table)]).await;
    for path in ["/mappings", "/mappings/partner"] {
        let (status, page) = site.get(path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("<script>alert") && page.contains("script&#62;alert(1)"), "{path}: {page}");
    }
}

#[sqlx::test]
async fn a_transform_that_recurses_is_not_played_for_a_page(pool: PgPool) {
    let table = TABLE.replace("ascii_downcase", "'until(length > 3; . + \"x\")'");
    let table = table.replace("record: { Name: A }", "record: { Name: A, Email__c: a }");
    let site = site(&pool, &[("1.0.0", &table)]).await;
    let (_, page) = site.get("/mappings/partner").await;
    assert!(page.contains("Not run here") && !page.contains("Fails"), "{page}");
}

#[sqlx::test]
async fn without_a_mapping_the_page_teaches(pool: PgPool) {
    let site = site(&pool, &[]).await;
    assert!(site.get("/mappings").await.1.contains("No workflow uses a mapping"));
}
