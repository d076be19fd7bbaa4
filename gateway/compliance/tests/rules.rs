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

#[test]
fn every_word_of_the_packs_is_listed() {
    let (_, words) = REFERENCE.split_once("## The words").unwrap();
    let row = |role: &str| words.lines().find(|line| line.starts_with(&format!("| `{role}` |")));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/packs");
    let mut inputs = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let pack = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for input in pack.split("role = \"").skip(1) {
            let mut quoted = input.split('"');
            let (role, parameter) = (quoted.next().unwrap(), quoted.nth(1).unwrap());
            let row = row(role).unwrap_or_else(|| panic!("{role} is not among the words"));
            let listed = row.split('|').nth(3).unwrap().split(", ");
            let mut listed = listed.map(|word| word.split_whitespace().next());
            assert!(listed.any(|word| word == Some(parameter)), "{role} does not list {parameter}");
            inputs += 1;
        }
    }
    assert!(inputs > 200, "{inputs}");
}
