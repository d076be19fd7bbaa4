//! Holds what the server says against the OpenAPI document that is checked in.

use serde_json::{Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../docs/reference/openapi.json")).unwrap()
});

/// Fails with every reason why a value is not of a schema.
fn validate(schema: Value, value: &Value, what: &str) {
    let mut root = schema;
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["components"] = DOCUMENT["components"].clone();
    let validator = jsonschema::validator_for(&root).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{value:#}");
}

/// A value of a named schema.
pub(crate) fn check(name: &str, value: &Value) {
    assert!(DOCUMENT["components"]["schemas"][name].is_object(), "no schema {name}");
    validate(json!({ "$ref": format!("#/components/schemas/{name}") }), value, name);
}

/// The good answer of an operation.
pub(crate) fn check_answer(method: &str, path: &str, value: &Value) {
    let answer = &DOCUMENT["paths"][path][method]["responses"]["200"];
    let schema = &answer["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} is not described");
    validate(schema.clone(), value, path);
}

/// Every code that an operation's refusal may have, as its description names them.
pub(crate) fn knows_code(method: &str, path: &str, status: u16, code: &str) -> bool {
    let refusal = &DOCUMENT["paths"][path][method]["responses"][status.to_string()];
    let name = refusal["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or_default();
    let text = &DOCUMENT["components"]["responses"][name]["description"];
    text.as_str().is_some_and(|text| text.contains(&format!("`{code}`")))
}

#[test]
fn the_document_can_tell_right_from_wrong() {
    let sample = json!({
        "t": "2026-11-22T10:00:00.000Z", "value": 7.2, "quality": "good", "reason": null, "flag": "N"
    });
    check("Sample", &sample);
    for (key, wrong) in [
        ("t", json!("2026-11-22 10:00")),
        ("value", json!("7.2")),
        ("quality", json!("fine")),
        ("new", json!(1)),
    ] {
        let mut sample = sample.clone();
        sample[key] = wrong;
        let refused = std::panic::catch_unwind(|| check("Sample", &sample));
        assert!(refused.is_err(), "{sample}");
    }
}
