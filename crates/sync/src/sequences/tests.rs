//! Late, duplicated and reordered numbers: in the end the open ranges are exactly the missing numbers, and each gap is
//! reported once.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(30);

fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
}

/// Processes numbers that arrive one second apart. Returns the state and the reported gaps.
fn arrived(numbers: &[i64], grace: Duration) -> (Sequence, Vec<Gap>) {
    let (mut sequence, mut told) = (None, Vec::new());
    for (second, number) in (0..).zip(numbers) {
        let (next, gaps) = arrive(sequence, &[(*number, grace)], at(second));
        (sequence, told) = (next, [told, gaps].concat());
    }
    (sequence.expect("a number arrived"), told)
}

fn open(sequence: &Sequence) -> Vec<(i64, i64)> {
    sequence.open.iter().map(|missing| (missing.first, missing.last)).collect()
}

fn gap(after: i64, before: i64, missing: i64) -> Gap {
    Gap { after, before, missing }
}

#[test]
fn a_jump_is_reported_once_with_all_the_numbers_it_skipped() {
    let (sequence, told) = arrived(&[1, 2, 1_000_000_000_000, 1_000_000_000_001], Duration::ZERO);
    assert_eq!(told, [gap(2, 1_000_000_000_000, 999_999_999_997)]);
    assert_eq!(open(&sequence), [(3, 999_999_999_999)], "a range, whatever its length");
    let (sequence, told) = arrive(Some(sequence), &[], at(3_600));
    assert!(told.is_empty() && sequence.is_some());
}

#[test]
fn what_arrives_within_the_grace_raises_nothing() {
    let (sequence, told) = arrived(&[1, 2, 4, 3], GRACE);
    assert_eq!((open(&sequence), told), (vec![], vec![]));
    assert_eq!(arrive(Some(sequence), &[], at(3_600)).1, []);
}

#[test]
fn what_is_still_missing_after_the_grace_period_is_reported_as_one_gap() {
    let (sequence, told) = arrived(&[1, 9, 4], GRACE);
    assert_eq!((told, sequence.next_at()), (vec![], Some(at(31))));
    let (sequence, told) = arrive(Some(sequence), &[], at(30));
    assert_eq!(told, []);
    let (sequence, told) = arrive(sequence, &[], at(31));
    assert_eq!(told, [gap(1, 9, 6)], "one jump, though 4 came late");
    let (sequence, told) = arrive(sequence, &[(6, GRACE), (2, GRACE), (3, GRACE)], at(100));
    assert_eq!((open(&sequence.clone().expect("known")), told), (vec![(5, 5), (7, 8)], vec![]));
    let end = at(31) + chrono::Duration::days(KEPT_DAYS);
    assert_eq!(sequence.as_ref().and_then(Sequence::next_at), Some(end));
    let (sequence, told) = arrive(sequence, &[], end);
    assert_eq!((open(&sequence.expect("known")), told), (vec![], vec![]), "given up, and nobody is told again");
}

#[test]
fn the_first_number_may_be_any_and_repeats_change_nothing() {
    let (sequence, told) = arrived(&[70, 71, 70, 69, 72, 71], Duration::ZERO);
    assert_eq!((sequence, told), (Sequence::begin(72), vec![]));
}

#[test]
fn a_sender_that_restarts_its_numbers_is_followed_and_its_old_gap_is_reported_at_once() {
    let (sequence, told) = arrived(&[5_000, 5_003, 1, 2, 3], GRACE);
    assert_eq!(told, [gap(5_000, 5_003, 2)]);
    assert_eq!(sequence, Sequence::begin(3));
    // In a different order, with one number lost.
    let (sequence, told) = arrived(&[5_000, 4, 1, 5], GRACE);
    assert_eq!((sequence.highest, open(&sequence), told), (5, vec![(2, 3)], vec![]));
}

#[test]
fn a_single_low_number_or_a_short_step_back_is_late_and_not_a_restart() {
    let (sequence, told) = arrived(&[5_000, 1, 1, 5_001, 2, 5_002], Duration::ZERO);
    assert_eq!((sequence.highest, told), (5_002, vec![]));
    let (sequence, told) = arrived(&[3, 1, 2, 0, 4, 1, 2], Duration::ZERO);
    assert_eq!((sequence.highest, told), (4, vec![]));
}

#[test]
fn beyond_the_bound_the_lowest_is_reported_and_given_up() {
    let numbers: Vec<i64> = (0..=OPEN_MAX as i64 + 1).map(|n| n * 2).collect();
    let (sequence, told) = arrived(&numbers, Duration::from_hours(1));
    assert_eq!(told, [gap(0, 2, 1)]);
    assert_eq!((sequence.open.len(), sequence.open[0].first), (OPEN_MAX, 3));
    // A range that is split counts as two.
    let (sequence, _) = arrived(&[&numbers[..=OPEN_MAX], &[1_000, 500]].concat(), Duration::from_hours(1));
    assert_eq!((sequence.open.len(), sequence.open[0].first), (OPEN_MAX, 5));
}

/// Numbers below 200 in random order, some duplicated.
fn interleaving() -> impl Strategy<Value = Vec<i64>> {
    let numbers = prop::collection::btree_set(0..200_i64, 1..150);
    let numbers = numbers.prop_flat_map(|set| {
        let all: Vec<i64> = set.into_iter().collect();
        (Just(all.clone()), prop::collection::vec(prop::sample::select(all), 0..20))
    });
    numbers.prop_flat_map(|(all, twice)| Just([all, twice].concat()).prop_shuffle())
}

fn numbers_in(ranges: &[(i64, i64)]) -> BTreeSet<i64> {
    ranges.iter().flat_map(|(first, last)| *first..=*last).collect()
}

proptest! {
    #[test]
    fn what_is_open_in_the_end_is_what_did_not_arrive(numbers in interleaving(), batch in 1..20_usize) {
        let seen: BTreeSet<i64> = numbers.iter().copied().collect();
        let (first, highest) = (numbers[0], *seen.last().expect("one at least"));
        let missing: BTreeSet<i64> = (first..=highest).filter(|number| !seen.contains(number)).collect();
        let (sequence, _) = arrived(&numbers, GRACE);
        prop_assert_eq!(numbers_in(&open(&sequence)), missing);
        prop_assert_eq!(sequence.highest, highest);
        // The result does not depend on how the numbers are grouped into transactions.
        let mut batched = None;
        for numbers in numbers.chunks(batch) {
            let numbers: Vec<_> = numbers.iter().map(|number| (*number, GRACE)).collect();
            (batched, _) = arrive(batched, &numbers, at(0));
        }
        prop_assert_eq!(open(&batched.expect("one at least")), open(&sequence));
    }

    #[test]
    fn each_missing_number_is_reported_once(numbers in interleaving()) {
        let (sequence, early) = arrived(&numbers, GRACE);
        let still_open = numbers_in(&open(&sequence));
        let (_, late) = arrive(Some(sequence), &[], at(100_000));
        let told = [early, late].concat();
        for number in still_open {
            let of = told.iter().filter(|gap| gap.after < number && number < gap.before);
            prop_assert_eq!(of.count(), 1, "{}", number);
        }
        let jumps: BTreeSet<i64> = told.iter().map(|gap| gap.after).collect();
        prop_assert_eq!(jumps.len(), told.len());
    }

    #[test]
    fn any_numbers_leave_few_ranges_in_order(numbers in prop::collection::vec(prop_oneof![0..3_000_i64, 0..=i64::MAX], 1..400)) {
        let (sequence, told) = arrived(&numbers, Duration::ZERO);
        prop_assert!(sequence.open.len() <= OPEN_MAX);
        prop_assert!(sequence.open.iter().all(|missing| missing.first <= missing.last));
        prop_assert!(sequence.open.windows(2).all(|pair| pair[0].last + 1 < pair[1].first));
        prop_assert!(sequence.open.last().is_none_or(|missing| missing.last < sequence.highest));
        prop_assert!(told.iter().all(|gap| gap.missing > 0 && gap.after < gap.before));
    }
}
