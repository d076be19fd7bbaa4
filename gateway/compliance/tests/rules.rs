//! The reference of the rules names every rule, and only requirements that there are.

use std::collections::BTreeSet;
use weir_compliance::builtin_packs;

const REFERENCE: &str = include_str!("../../../docs/reference/rules.md");
/// How many rules each part of the catalogue has.
const CATALOGUE: [(&str, usize); 5] = [("WW", 13), ("PL", 12), ("LO", 9), ("RA", 11), ("ST", 9)];

/// The cells of each row.
fn rows() -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    let is_rule =
        |line: &&str| CATALOGUE.iter().any(|(part, _)| line.starts_with(&format!("| {part}-")));
    REFERENCE.lines().filter(is_rule).map(cells).collect()
}

#[test]
fn every_rule_of_the_catalogue_has_its_row() {
    let found: Vec<String> = rows().iter().map(|row| row[0].to_owned()).collect();
    let numbered = |(part, count): &(&str, usize)| {
        (1..=*count).map(|number| format!("{part}-{number:02}")).collect::<Vec<_>>()
    };
    let expected: Vec<String> = CATALOGUE.iter().flat_map(numbered).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_requirement_named_there_exists_and_a_rule_without_one_says_why() {
    let packs = builtin_packs();
    let known: BTreeSet<String> = packs
        .iter()
        .flat_map(|pack| pack.requirements.iter().map(|r| format!("{}/{}", pack.id, r.id)))
        .collect();
    for row in rows() {
        let [id, _, requirements, inputs] = row[..] else { panic!("{row:?} has not four cells") };
        assert!(!inputs.is_empty(), "{id} does not say why");
        let named: Vec<&str> = requirements.split('`').skip(1).step_by(2).collect();
        assert!(requirements == "–" || !named.is_empty(), "{id} names nothing");
        for name in named {
            assert!(known.contains(name), "{id} names {name}, which is not there");
        }
    }
}
