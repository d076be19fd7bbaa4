//! Topics and filters. (`rumqttc` has such functions too; its `matches` panics on a topic that
//! begins with a letter beyond ASCII.)

/// Longest topic or filter, in bytes.
const LENGTH_MAX: usize = 1_024;

/// Whether a text may be published to.
pub(super) fn is_topic(text: &str) -> bool {
    is_text(text) && !text.contains(['+', '#'])
}

/// Whether a text may be subscribed to.
pub(super) fn is_filter(text: &str) -> bool {
    let levels = text.split('/').count();
    let level_is_right = |(nth, level): (usize, &str)| match level {
        "#" => nth + 1 == levels,
        "+" => true,
        level => !level.contains(['+', '#']),
    };
    is_text(text) && text.split('/').enumerate().all(level_is_right)
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= LENGTH_MAX && !text.contains('\0')
}

/// Whether a topic falls under a filter; both have been checked.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    // What a broker says about itself is not for those who want everything.
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let (mut filters, mut levels) = (filter.split('/'), topic.split('/'));
    loop {
        match (filters.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(filter), Some(level)) if filter == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification() {
        for (filter, topic, expected) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true),
            ("#", "sport/tennis", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/monitor", false),
            ("+/monitor", "$SYS/monitor", false),
            ("$SYS/#", "$SYS/monitor", true),
            ("余氯/#", "余氯/一号", true),
            ("a", "余氯", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn what_may_be_subscribed_and_published_to() {
        for filter in ["#", "+", "a/+/b", "a/#", "/", "+/b/#", "余氯"] {
            assert!(is_filter(filter), "{filter}");
        }
        for filter in ["", "a#", "a/#/b", "a+", "a/+b", "##", "a\0"] {
            assert!(!is_filter(filter), "{filter}");
        }
        assert!(is_topic("a/b") && is_topic("/") && is_topic("余氯"));
        assert!(!is_topic("") && !is_topic("a/+") && !is_topic("#") && !is_topic("\0"));
        assert!(!is_topic(&"a".repeat(LENGTH_MAX + 1)));
    }

    proptest! {
        #[test]
        fn a_topic_matches_itself_and_everything(topic in "[^+#$\0][^+#\0]{0,20}") {
            prop_assert!(is_topic(&topic) && is_filter(&topic));
            prop_assert!(matches(&topic, &topic) && matches("#", &topic));
        }

        #[test]
        fn any_text_does_no_harm(filter in ".{0,20}", topic in ".{0,20}") {
            let _ = (is_filter(&filter), matches(&filter, &topic));
        }
    }
}
