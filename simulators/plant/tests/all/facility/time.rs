//! What a facility shows depends on seed, start and script alone.

use super::{at_signal, incident, monday};
use proptest::prelude::*;
use std::time::Duration;
use weir_plant::facility::{Cause, Facility, Kind, Site};

/// Everything that can happen in the first hours, all at once.
fn script(kind: Kind) -> Vec<weir_plant::facility::Incident> {
    let site = Site::draw(kind, 5);
    let process = Cause::ALL.iter().filter(|cause| cause.happens_in(kind));
    process
        .zip(0_u32..)
        .map(|(cause, nth)| {
            let hours = f64::from(nth) * 0.3;
            match cause.about().target {
                weir_plant::facility::Target::Process | weir_plant::facility::Target::Site => {
                    incident(*cause, hours, 20)
                }
                _ => at_signal(nth as usize % site.signals.len(), *cause, hours, 20),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn how_time_is_chopped_makes_no_difference(
        steps in prop::collection::vec(1_u64..4_000_000, 1..24),
    ) {
        for kind in Kind::ALL {
            let mut chopped = Facility::new(*kind, 5, monday(), script(*kind));
            let mut parts = Vec::new();
            for step in &steps {
                let to = chopped.now() + Duration::from_millis(*step);
                chopped.advance(to, |shown| parts.push(shown));
            }
            let mut whole = Facility::new(*kind, 5, monday(), script(*kind));
            let mut all = Vec::new();
            whole.advance(chopped.now(), |shown| all.push(shown));
            prop_assert_eq!(&all, &parts);
            prop_assert_eq!(whole.truth(), chopped.truth());
            prop_assert_eq!(whole.values(), chopped.values());
            let in_order = all.is_sorted_by_key(|shown| shown.sample.received_time);
            prop_assert!(in_order, "samples arrive in the order of arrival");
        }
    }
}

#[test]
fn a_site_is_the_same_every_time_and_another_seed_is_another_site() {
    for kind in Kind::ALL {
        assert_eq!(Site::draw(*kind, 1), Site::draw(*kind, 1));
        let facts = |seed| Site::draw(*kind, seed).facts;
        assert_ne!(facts(1), facts(2), "{kind}");
        let classes: std::collections::BTreeSet<_> =
            (0..60).map(|seed| Site::draw(*kind, seed).class).collect();
        println!("{kind}: {classes:?}");
        let site = Site::draw(*kind, 1);
        let mut ids: Vec<String> = site.signals.iter().map(|signal| signal.id()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), site.signals.len(), "{kind}: every signal has its own name");
    }
}

#[test]
fn instruments_do_not_touch_the_physics() {
    for kind in Kind::ALL {
        let mut seen = Facility::new(*kind, 5, monday(), script(*kind));
        let mut unseen = Facility::new(*kind, 5, monday(), script(*kind));
        let end = monday() + Duration::from_secs(86_400);
        seen.advance(end, |_| {});
        unseen.advance_unseen(end, |_, _| {});
        assert_eq!(seen.values(), unseen.values(), "{kind}");
    }
}
