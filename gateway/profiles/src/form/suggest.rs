//! "Did you mean": the known word that a misspelt one was probably meant to be.

/// Longest word that is compared, in bytes: the comparison takes time and memory by its length.
const WORD_MAX: usize = 128;

/// The word of `known` that is nearest to `word`, if any is near enough to be worth proposing.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > WORD_MAX {
        return None;
    }
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= distance_max(&word, candidate))
        .map(|(_, candidate)| candidate)
}

/// Shortest word that is looked for within another one, in bytes.
const PART_MIN: usize = 4;

/// Differences in spelling; a word that is only a part of the other counts as one.
fn distance(word: &str, candidate: &str) -> usize {
    let lower = candidate.to_lowercase();
    let long_enough = word.len().min(lower.len()) >= PART_MIN;
    let part = long_enough && (lower.contains(word) || word.contains(&lower));
    let spelling = strsim::damerau_levenshtein(word, &lower);
    if part { spelling.min(1) } else { spelling }
}

/// A quarter of the longer word may be wrong, and one letter of a short one; beyond that a proposal
/// is a guess.
fn distance_max(word: &str, candidate: &str) -> usize {
    let length = word.chars().count().max(candidate.chars().count());
    if length < 3 { 0 } else { (length / 4).max(1) }
}

#[cfg(test)]
mod tests {
    use super::{WORD_MAX, closest};

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["generic-residual-chlorine", "generic-ph", "baud", "id", "unit_id", "m"];
        for (word, expected) in [
            ("generic-residual-clorine", Some("generic-residual-chlorine")),
            ("residual-chlorine", Some("generic-residual-chlorine")),
            ("Generic-pH", Some("generic-ph")),
            ("buad", Some("baud")),
            ("unit", Some("unit_id")),
            ("m3", None),
            ("video", None),
            ("generic-trc", None),
            ("idd", Some("id")),
            ("vendor-xyz-9000", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn nothing_is_known() {
        assert_eq!(closest("a", []), None);
    }

    #[test]
    fn a_flood_is_not_compared() {
        assert_eq!(closest(&"a".repeat(WORD_MAX + 1), ["a"]), None);
    }
}
