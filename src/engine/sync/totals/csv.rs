//! Totals as CSV that a spreadsheet opens without harm: a text that it would take for a formula gets an apostrophe in front, amounts stay
//! numbers.

use csv::Writer;

use super::{TotalsLine, TotalsSum};
use crate::memory::totals::State;

/// Rows of one file at most.
pub const ROWS_MAX: i64 = 50_000;

/// Sums, one row each.
#[must_use]
pub fn of_sums(sums: &[TotalsSum]) -> String {
    let states = State::ALL.map(State::as_str);
    let head =
        ["day", "currency", "company", "company_name", "deals", "orders", "deal_amount", "order_amount", "difference"];
    let mut rows =
        vec![head.into_iter().chain(states).chain(["changed", "complete", "sign_off"]).map(str::to_owned).collect()];
    for sum in sums {
        let mut row: Vec<String> = vec![
            sum.day.map(|day| day.to_string()).unwrap_or_default(),
            text(Some(&sum.currency)),
            text(sum.company.as_deref()),
            text(sum.company_name.as_deref()),
            sum.deals.to_string(),
            sum.orders.to_string(),
            sum.deal_amount.clone(),
            sum.order_amount.clone(),
            sum.difference.clone(),
        ];
        row.extend(states.map(|state| sum.states.get(state).copied().unwrap_or(0).to_string()));
        row.push(sum.changed.to_string());
        row.push(sum.complete.to_string());
        row.push(sum.sign_off.map(|id| id.to_string()).unwrap_or_default());
        rows.push(row);
    }
    file(&rows)
}

/// Lines, one row each.
#[must_use]
pub fn of_lines<'l>(lines: impl IntoIterator<Item = &'l TotalsLine>) -> String {
    let head = [
        "day",
        "currency",
        "company",
        "company_name",
        "state",
        "deal",
        "deal_name",
        "order",
        "order_number",
        "deal_amount",
        "order_amount",
        "difference",
        "note",
        "changed",
        "runs",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for line in lines {
        let amount = |amount: &Option<String>| amount.clone().unwrap_or_default();
        let runs: Vec<String> = line.runs.iter().map(|run| run.id.to_string()).collect();
        rows.push(vec![
            line.day.to_string(),
            text(Some(&line.currency)),
            text(line.company.as_deref()),
            text(line.company_name.as_deref()),
            line.state.as_str().to_owned(),
            text(line.deal.as_deref()),
            text(line.deal_name.as_deref()),
            text(line.order.as_deref()),
            text(line.order_number.as_deref()),
            amount(&line.deal_amount),
            amount(&line.order_amount),
            amount(&line.difference),
            text(line.note.as_deref()),
            line.changed.to_string(),
            runs.join(" "),
        ]);
    }
    file(&rows)
}

/// What came from outside. Spreadsheets calculate what begins with one of these.
fn text(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    let begins = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n');
    if text.starts_with(begins) { format!("'{text}") } else { text.to_owned() }
}

fn file(rows: &[Vec<String>]) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("rows of one width, written to memory");
    }
    String::from_utf8(writer.into_inner().expect("written to memory")).expect("made of texts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> TotalsLine {
        TotalsLine {
            day: "2026-11-20".parse().expect("a date"),
            currency: "EUR".into(),
            company: Some("2".into()),
            company_name: None,
            state: State::Differs,
            deal: Some("006A".into()),
            deal_name: Some(name.into()),
            order: None,
            order_number: Some("-7".into()),
            deal_amount: Some("12.50".into()),
            order_amount: Some("-0.50".into()),
            difference: Some("-13.00".into()),
            note: None,
            changed: false,
            runs: Vec::new(),
        }
    }

    /// The cells of the one row, as a reader of CSV finds them.
    fn cells(name: &str) -> Vec<String> {
        let written = of_lines([&line(name)]);
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let row = reader.records().next().expect("a row").expect("sound");
        row.iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_spreadsheet_would_calculate_is_text_and_negative_amounts_stay_numbers() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"] {
            assert_eq!(cells(name)[6], format!("'{name}"));
        }
        let row = cells("a, \"b\"\nc = d");
        assert_eq!((row[6].as_str(), row[8].as_str()), ("a, \"b\"\nc = d", "'-7"), "an order's number is text");
        assert_eq!(row[9..12], ["12.50", "-0.50", "-13.00"]);
    }

    #[test]
    fn every_row_has_a_cell_for_every_heading() {
        let sum = TotalsSum {
            day: None,
            currency: "JPY".into(),
            company: None,
            company_name: None,
            deals: 1,
            orders: 0,
            deal_amount: "1200".into(),
            order_amount: "0".into(),
            difference: "-1200".into(),
            states: [("no_order", 1)].into(),
            changed: 0,
            complete: true,
            sign_off: None,
        };
        let written = of_sums(&[sum]);
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let heads = reader.headers().expect("headings").clone();
        let row = reader.records().next().expect("a row").expect("as wide as the headings");
        let cell =
            |name: &str| row.get(heads.iter().position(|head| head == name).expect(name)).expect(name).to_owned();
        assert_eq!([cell("day"), cell("difference"), cell("no_order"), cell("agrees")], ["", "-1200", "1", "0"]);
    }
}
