//! Topic filters: which are right, what they match, and which say the same as others.

/// Most bytes of a filter.
const BYTES_MAX: usize = 65_535;

/// Whether a broker would take the filter.
pub(super) fn is_right(filter: &str) -> bool {
    let mut levels = filter.split('/').rev();
    let last = levels.next().unwrap_or_default();
    let right = |level: &str| level == "+" || !level.contains(['+', '#']);
    !filter.is_empty()
        && filter.len() <= BYTES_MAX
        && !filter.contains('\0')
        && (last == "#" || right(last))
        && levels.all(right)
}

/// Whether there are wildcards in it.
pub(super) fn is_wild(filter: &str) -> bool {
    filter.contains(['+', '#'])
}

/// Whether a topic matches. Topics that begin with `$` are the broker's own: a filter that begins
/// with a wildcard does not match them.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    !(topic.starts_with('$') && filter.starts_with(['+', '#'])) && covers(filter, topic)
}

/// Whether every topic that matches `narrow` matches `wide` as well. A topic is a filter, too.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('/'), narrow.split('/'));
    loop {
        match (wide.next(), narrow.next()) {
            // A filter that ends in `/#` matches the level above, too.
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Those filters that are not covered by others: a broker may send a message once for each
/// subscription that it matches.
pub(super) fn widest(mut filters: Vec<String>) -> Vec<String> {
    filters.sort_unstable();
    filters.dedup();
    let covered = |filter: &String| {
        filters.iter().any(|other| other != filter && is_wild(other) && covers(other, filter))
    };
    let keep: Vec<bool> = filters.iter().map(|filter| !covered(filter)).collect();
    let mut keep = keep.into_iter();
    filters.retain(|_| keep.next().unwrap_or(true));
    filters
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn filters_match_as_the_specification_has_it() {
        let cases = [
            ("a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/+", "a/b", true),
            ("a/+", "a", false),
            ("a/+", "a/b/c", false),
            ("a/+", "a/", true),
            ("+/+", "/a", true),
            ("+", "/a", false),
            ("/+", "/a", true),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/#", "ab", false),
            ("#", "a/b", true),
            ("#", "$SYS/load", false),
            ("+/load", "$SYS/load", false),
            ("$SYS/#", "$SYS/load", true),
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
        ];
        for (filter, topic, expected) in cases {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn wrong_filters_are_refused() {
        for filter in ["a", "a/b", "#", "+", "a/#", "a/+/b", "/", "a b"] {
            assert!(is_right(filter), "{filter}");
        }
        for filter in ["", "a#", "a/#/b", "a+", "a/b+/c", "#/a", "a\0b"] {
            assert!(!is_right(filter), "{filter}");
        }
        assert!(!is_right(&"a".repeat(65_536)));
    }

    #[test]
    fn what_others_cover_is_left_out() {
        let filters = ["in/#", "in/a", "in/+/x", "out/a", "out/+", "out/a", "in"];
        let left = widest(filters.map(str::to_owned).to_vec());
        assert_eq!(left, ["in/#", "out/+"]);
        assert_eq!(widest(vec!["#".into(), "+/a".into(), "+".into()]), ["#"]);
    }

    proptest! {
        /// What a filter covers, it matches.
        #[test]
        fn a_wider_filter_matches_no_less(
            wide in "[ab+](/[ab+]){0,3}(/#)?", narrow in "[ab+](/[ab+]){0,3}(/#)?",
            topic in "[ab](/[ab]){0,4}",
        ) {
            if covers(&wide, &narrow) && matches(&narrow, &topic) {
                prop_assert!(matches(&wide, &topic));
            }
        }
    }
}
