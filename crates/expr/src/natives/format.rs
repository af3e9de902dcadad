//! `@csv`, `@uri` and the other formats.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Row, of_input};
use crate::meter::charge_bytes;
use crate::value::{Kind, Val, ValR};

/// Characters that `@uri` keeps: the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Base64 with optional padding and arbitrary trailing bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_input!("_text", |v| Ok(v.into_text())),
        of_input!("_json", |v| Ok(Val::text(v.to_json_text()))),
        of_input!("_html", |v| written(v, |text| escaped(text, html))),
        of_input!("_uri", |v| written(v, |text| utf8_percent_encode(text, RESERVED).to_string())),
        of_input!("_urid", urid),
        of_input!("_csv", |v| row(v, ",", "csv", quoted)),
        of_input!("_tsv", |v| row(v, "\t", "tsv", |text| escaped(text, tab_separated))),
        of_input!("_sh", sh),
        of_input!("_base64", |v| written(v, |text| STANDARD.encode(text))),
        of_input!("_base64d", base64d),
        of_input!("_base32", |v| written(v, |text| base32(text.as_bytes()))),
        of_input!("_base32d", base32d),
    ]
}

fn written(value: Val, f: fn(&str) -> String) -> ValR {
    let text = value.into_text();
    let text = text.as_str().unwrap_or_default();
    charge_bytes(text.len() * 3);
    Ok(Val::text(f(text)))
}

fn escaped(text: &str, f: fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match f(c) {
            Some(escape) => out.push_str(escape),
            None => out.push(c),
        }
    }
    out
}

fn html(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '\'' => "&apos;",
        '"' => "&quot;",
        '\0' => "\\0",
        _ => return None,
    })
}

fn tab_separated(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' => "\\t",
        '\r' => "\\r",
        '\n' => "\\n",
        '\\' => "\\\\",
        '\0' => "\\0",
        _ => return None,
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\"").replace('\0', "\\0"))
}

/// Formats one row of a table. Null and NaN are empty.
fn row(value: Val, separator: &str, name: &str, text: fn(&str) -> String) -> ValR {
    let items = value.into_items().map_err(|other| other.error(&format!("cannot be {name}-formatted, only array")))?;
    let mut line = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            line.push_str(separator);
        }
        match item.kind() {
            Kind::Null => {}
            Kind::Number if item.as_f64().is_some_and(f64::is_nan) => {}
            Kind::False | Kind::True | Kind::Number => line.push_str(&item.to_json_text()),
            Kind::String => {
                let item = item.as_str().unwrap_or_default();
                charge_bytes(item.len() * 2);
                line.push_str(&text(item));
            }
            Kind::Array | Kind::Object => return Err(item.error("is not valid in a csv row")),
        }
    }
    Ok(Val::text(line))
}

/// Quotes words for a shell, each item of an array separately.
fn sh(value: Val) -> ValR {
    let items = value.into_items().unwrap_or_else(|single| vec![single]);
    let mut line = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        match item.kind() {
            Kind::Array | Kind::Object => return Err(item.error("can not be escaped for shell")),
            Kind::String => {
                let text = item.as_str().unwrap_or_default();
                charge_bytes(text.len() * 4);
                line.push('\'');
                line.push_str(&text.replace('\'', "'\\''").replace('\0', "\\0"));
                line.push('\'');
            }
            _ => line.push_str(&item.to_json_text()),
        }
    }
    Ok(Val::text(line))
}

fn urid(value: Val) -> ValR {
    let text = value.into_text();
    let raw = text.as_str().unwrap_or_default();
    charge_bytes(raw.len());
    let broken = || text.error("is not a valid uri encoding");
    let whole = raw.match_indices('%').all(|(at, _)| {
        raw.get(at + 1..at + 3).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    });
    if !whole {
        return Err(broken());
    }
    percent_decode_str(raw).decode_utf8().map(Val::text).map_err(|_| broken())
}

/// Decodes Base64. Bytes that are not UTF-8 become U+FFFD.
fn base64d(value: Val) -> ValR {
    let text = value.into_text();
    let raw = text.as_str().unwrap_or_default();
    charge_bytes(raw.len());
    let data = raw.split('=').next().unwrap_or_default();
    match LENIENT.decode(data) {
        Ok(bytes) => Ok(Val::text(String::from_utf8_lossy(&bytes))),
        Err(base64::DecodeError::InvalidByte(..)) => Err(text.error("is not valid base64 data")),
        Err(_) => Err(text.error("trailing base64 byte found")),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Encodes Base32 as in RFC 4648, section 6, with padding.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let digits = (chunk.len() * 8).div_ceil(5);
        for digit in 0..8 {
            let index = (bits >> (35 - 5 * digit)) & 31;
            let _ = out.write_char(if digit < digits { char::from(BASE32[index as usize]) } else { '=' });
        }
    }
    out
}

fn base32d(value: Val) -> ValR {
    let text = value.into_text();
    let raw = text.as_str().unwrap_or_default();
    charge_bytes(raw.len());
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in raw.trim_end_matches('=').bytes() {
        let value = BASE32.iter().position(|known| *known == digit);
        let value =
            value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| text.error("is not valid base32 data"))?;
        bits = (bits << 5) | value;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Ok(Val::text(String::from_utf8_lossy(&bytes)))
}
