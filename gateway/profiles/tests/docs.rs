//! What the documents show must be true: every profile in them parses, every word is known.

use weir_domain::Unit;
use weir_profiles::{Profile, builtin};

const REFERENCE: &str = include_str!("../../../docs/reference/profiles.md");
const HOW_TO: &str = include_str!("../../../docs/how-to/add-a-device-profile.md");

/// The TOML blocks of a document, without the indentation that a list gives them.
fn blocks(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(fence) = lines.find(|line| line.trim() == "```toml") {
        let indent = fence.len() - fence.trim_start().len();
        let block = lines.by_ref().take_while(|line| line.trim() != "```");
        blocks.push(block.map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n").collect());
    }
    blocks
}

#[test]
fn the_examples_parse() {
    for (document, text) in [("reference", REFERENCE), ("how-to", HOW_TO)] {
        let blocks = blocks(text);
        assert!(!blocks.is_empty(), "{document} shows no profile");
        for block in blocks {
            let profile = Profile::parse(&block).unwrap_or_else(|e| panic!("{document}: {e}"));
            assert!(profile.points.len() >= 2, "{document}: {}", profile.id);
        }
    }
}

#[test]
fn the_reference_names_every_key_and_unit() {
    for unit in Unit::ALL {
        assert!(REFERENCE.contains(&format!("`{}`", unit.symbol())), "{unit:?}");
    }
    for (file, text) in builtin() {
        let keys = text.lines().filter(|line| !line.starts_with('#')).flat_map(keys_of);
        for key in keys {
            assert!(REFERENCE.contains(&format!("`{key}`")), "{file} uses `{key}`");
        }
    }
}

/// The bare keys of a line: what stands before an equals sign.
fn keys_of(line: &str) -> Vec<&str> {
    line.split(" =")
        .map(|piece| piece.rsplit([' ', '{']).next().unwrap_or("").trim())
        .filter(is_key)
        .collect()
}

fn is_key(word: &&str) -> bool {
    !word.is_empty()
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        && !["zh", "en"].contains(word)
}
