//! Salesforce ids: 15 case-sensitive characters, and a suffix of 3 that makes them unique if case is ignored.
//!
//! Ids after the seeded ones are numbered: `TTTWs00001` and a number for records that callers create, `TTTWs0002` and a
//! number for the records of the nth demo opportunity. Such an id alone tells which demo records to create.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const DEMO: &str = "Ws0002";

/// Adds the suffix: for each five characters, one that encodes which of them are upper case.
pub fn with_suffix(id: &str) -> String {
    let suffix = id.as_bytes().chunks(5).take(3).map(|chunk| {
        let capitals = chunk.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        char::from(SUFFIX[capitals.fold(0, |bits, (place, _)| bits | 1 << place)])
    });
    id.chars().take(15).chain(suffix).collect()
}

/// Returns the 18-character form of a 15-character id, and any other text unchanged.
pub fn full(id: &str) -> String {
    let plain = id.len() == 15 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { with_suffix(id) } else { id.to_owned() }
}

/// Returns the id of the nth record that callers create. `prefix` is the three-character prefix of the type.
pub fn created(prefix: &str, n: u64) -> String {
    with_suffix(&format!("{prefix}Ws00001{}", base62(n, 5)))
}

/// Returns the id of the nth demo opportunity's record of a type.
pub fn demo(prefix: &str, n: u64) -> String {
    with_suffix(&format!("{prefix}{DEMO}{}", base62(n, 6)))
}

/// Returns the numbers of the demo opportunities whose ids appear in a text, at most 200.
pub fn demos_in(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.match_indices(DEMO).filter_map(|(at, _)| demo_at(text, at)).take(200).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn demo_at(text: &str, at: usize) -> Option<u32> {
    let prefix = text.get(at.checked_sub(3)?..at)?;
    let number = number(text.get(at + DEMO.len()..at + DEMO.len() + 6)?)?;
    let number = match prefix {
        "001" | "003" | "006" => number,
        "00k" => number / 2,
        _ => return None,
    };
    u32::try_from(number).ok()
}

fn base62(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 62).expect("below 62")];
        number /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

fn number(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        Some(number * 62 + digit as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_is_the_one_of_the_samples() {
        for id in [
            "006Ws00000Hd9XqIAJ",
            "001Ws00000Kq3EaIAJ",
            "005Ws000001RepBIAS",
            "00DWs000003aBcDMAU",
            "00kWs00000OliAbIAJ",
        ] {
            assert_eq!(with_suffix(&id[..15]), id);
            assert_eq!(full(&id[..15]), id);
            assert_eq!(full(id), id);
        }
    }

    #[test]
    fn an_id_of_a_demo_names_its_number() {
        for n in [1, 61, 62, 4_000_000_000_u32] {
            let ids = [demo("006", n.into()), demo("001", n.into()), demo("00k", u64::from(n) * 2 + 1)];
            assert_eq!(demos_in(&ids.join(",")), [n], "{ids:?}");
        }
        assert_eq!(demos_in("Ws0002 006Ws0002 ä006Ws0002%%%%%%"), Vec::<u32>::new());
    }
}
