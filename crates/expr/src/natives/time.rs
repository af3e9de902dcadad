//! Dates in UTC: `gmtime`, `mktime`, `strftime`, `strptime`. The clock and the time zone of the machine are not used.

use chrono::format::{Item, Parsed, StrftimeItems, parse_and_remainder};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::{Row, fail, of_input, of_one, text_of};
use crate::meter::charge_bytes;
use crate::value::{Error, Kind, Val, ValR};

/// Weekday and day of the year if a time has no date, as jq receives them from C's `strptime`.
const NO_WEEKDAY: f64 = 8.0;
const NO_DAY_OF_YEAR: f64 = 367.0;

const ISO_8601: &str = "%Y-%m-%dT%H:%M:%SZ";

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_input!("gmtime", |v| gmtime(&v).map(|(time, seconds)| taken_apart(time, seconds))),
        of_input!("mktime", |v| {
            if v.kind() != Kind::Array {
                return fail("mktime requires array inputs");
            }
            let time = put_together(&v, "mktime")?;
            Ok(Val::number(time.and_utc().timestamp() as f64))
        }),
        of_input!("todateiso8601", |v| strftime(&v, &Val::text(ISO_8601))),
        of_input!("fromdateiso8601", |v| {
            let time = put_together(&strptime(&v, &Val::text(ISO_8601))?, "mktime")?;
            Ok(Val::number(time.and_utc().timestamp() as f64))
        }),
        of_one!("strftime", |v, format| strftime(&v, &format)),
        of_one!("strptime", |v, format| strptime(&v, &format)),
    ]
}

/// Converts seconds since 1970 to a time, and to the seconds of its minute with their fraction.
fn gmtime(value: &Val) -> Result<(NaiveDateTime, f64), Error> {
    let seconds = value.as_f64().ok_or_else(|| Error::str("gmtime() requires numeric inputs"))?;
    let time = DateTime::from_timestamp(seconds as i64, 0).filter(|_| seconds.is_finite());
    let time =
        time.ok_or_else(|| Error::str("error converting number of seconds since epoch to datetime"))?.naive_utc();
    Ok((time, f64::from(time.second()) + (seconds - seconds.floor())))
}

/// Returns `[year, month, day, hours, minutes, seconds, weekday, day of the year]`. Months and days of the year count
/// from zero.
fn taken_apart(time: NaiveDateTime, seconds: f64) -> Val {
    let parts = [time.year() as f64, f64::from(time.month0()), f64::from(time.day()), f64::from(time.hour())];
    let rest = [
        f64::from(time.minute()),
        seconds,
        f64::from(time.weekday().num_days_from_sunday()),
        f64::from(time.ordinal0()),
    ];
    Val::array(parts.into_iter().chain(rest).map(Val::number).collect())
}

/// Combines parts to a time. Missing parts are zero, and parts beyond their range carry over, as in C's `timegm`.
fn put_together(value: &Val, function: &str) -> Result<NaiveDateTime, Error> {
    let wrong = || Error::str(format_args!("{function} requires parsed datetime inputs"));
    let mut parts = [0_i64; 8];
    for (index, part) in parts.iter_mut().enumerate().take(value.length()) {
        *part = value.item(index).as_f64().filter(|part| !part.is_nan()).ok_or_else(wrong)? as i64;
    }
    let [year, month, day, hours, minutes, seconds, ..] = parts;
    let beyond = || Error::str("invalid gmtime representation");
    let year = i32::try_from(year.checked_add(month.div_euclid(12)).ok_or_else(beyond)?).map_err(|_| beyond())?;
    let month = u32::try_from(month.rem_euclid(12)).map_err(|_| beyond())? + 1;
    let start = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(beyond)?.and_hms_opt(0, 0, 0).ok_or_else(beyond)?;
    let offset = [(day.saturating_sub(1), 86_400), (hours, 3_600), (minutes, 60), (seconds, 1)]
        .into_iter()
        .try_fold(0_i64, |sum, (count, length)| sum.checked_add(count.checked_mul(length)?));
    let offset = offset.and_then(chrono::TimeDelta::try_seconds).ok_or_else(beyond)?;
    start.checked_add_signed(offset).ok_or_else(beyond)
}

fn items<'f>(format: &'f str, function: &str) -> Result<Vec<Item<'f>>, Error> {
    charge_bytes(format.len() * 32);
    let items: Vec<Item<'f>> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return Err(Error::str(format_args!("{function}/1: \"{format}\" is not a valid format")));
    }
    Ok(items)
}

fn strftime(value: &Val, format: &Val) -> ValR {
    let time = match value.kind() {
        Kind::Number => gmtime(value)?.0,
        Kind::Array => {
            text_of(format, "strftime/1 requires a string format")?;
            put_together(value, "strftime/1")?
        }
        _ => return fail("strftime/1 requires parsed datetime inputs"),
    };
    let items = items(text_of(format, "strftime/1 requires a string format")?, "strftime")?;
    Ok(Val::text(time.and_utc().format_with_items(items.iter()).to_string()))
}

/// Text after the time becomes an additional item if it begins with white space, and is an error otherwise.
fn strptime(value: &Val, format: &Val) -> ValR {
    let wrong = "strptime/1 requires string inputs and arguments";
    let (text, format) = (text_of(value, wrong)?, text_of(format, wrong)?);
    charge_bytes(text.len());
    let mut parsed = Parsed::new();
    let rest = parse_and_remainder(&mut parsed, text, items(format, "strptime")?.iter());
    let rest = rest.ok().filter(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace()));
    let Some(rest) = rest else {
        return fail(format_args!("date \"{text}\" does not match format \"{format}\""));
    };
    let mut parts = fields(&parsed);
    if !rest.is_empty() {
        parts.push(Val::text(rest));
    }
    Ok(Val::array(parts))
}

/// Returns the parsed fields.
fn fields(parsed: &Parsed) -> Vec<Val> {
    if let Some(time) = parsed.timestamp().and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
        let time = time.naive_utc();
        return taken_apart(time, f64::from(time.second())).into_items().unwrap_or_default();
    }
    let date = parsed.to_naive_date().ok();
    let short = parsed
        .year_mod_100()
        .map(|year| parsed.year_div_100().map_or(if year < 69 { 20 } else { 19 }, |c| c) * 100 + year);
    let year = date.map(|date| date.year()).or(parsed.year()).or(short).unwrap_or(1900);
    let month = date.map(|date| date.month()).or(parsed.month()).map_or(0, |month| month - 1);
    let day = date.map(|date| date.day()).or(parsed.day()).unwrap_or(0);
    let hour = parsed.hour_div_12().unwrap_or(0) * 12 + parsed.hour_mod_12().unwrap_or(0);
    let named = NaiveDate::from_ymd_opt(year, month + 1, day);
    let weekday = parsed.weekday().or(named.map(|date| date.weekday()));
    let weekday = weekday.map_or(NO_WEEKDAY, |weekday| f64::from(weekday.num_days_from_sunday()));
    let day_of_year = named.map_or(NO_DAY_OF_YEAR, |date| f64::from(date.ordinal0()));
    let counts = [month, day, hour, parsed.minute().unwrap_or(0), parsed.second().unwrap_or(0)];
    let mut fields = vec![Val::number(f64::from(year))];
    fields.extend(counts.into_iter().map(|count| Val::number(f64::from(count))));
    fields.extend([Val::number(weekday), Val::number(day_of_year)]);
    fields
}
