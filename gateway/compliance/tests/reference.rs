//! What the reference of rule packs shows must be true: every example is read, and its tests pass.

use weir_compliance::{Pack, run_tests};

const REFERENCE: &str = include_str!("../../../docs/reference/rule-packs.md");

/// What stands around the rule of an example.
const AROUND: &str = r#"
[[requirement]]
id = "ID"
title = { zh = "名", en = "name" }
clause = "1"
confidence = "C"
respond_within_mins = 30
cause = { zh = "因", en = "cause" }
consequence = { zh = "果", en = "consequence" }
response = { zh = "办", en = "response" }
alarm = { priority = "low" }
"#;

fn blocks() -> impl Iterator<Item = &'static str> {
    let blocks = REFERENCE.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().expect("a split has a first part"))
}

#[test]
fn the_examples_are_one_pack_that_passes_its_tests() {
    let mut text = String::new();
    for (index, block) in blocks().enumerate() {
        if block.starts_with("[requirement.") {
            text += &AROUND.replace("ID", &format!("example-{index}"));
        }
        text += block;
    }
    let pack = Pack::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(pack.requirements.len() >= 12, "{}", pack.requirements.len());
    for outcome in run_tests(&pack) {
        assert_eq!(outcome.failure, None, "{}", outcome.name);
    }
}
