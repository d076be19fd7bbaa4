//! Site files and what is said of them, compared to the letter: `tests/cases/config/*.toml` with an
//! `.expected` beside each. `UPDATE_EXPECT=1` writes what is said now; review it as carefully as
//! code.

use std::fs;
use std::path::{Path, PathBuf};
use weir_config::{Library, Site, render, render_warnings};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/config")
}

fn said(file_name: &str, text: &str, library: &Library) -> String {
    match Site::parse(text, library) {
        Ok(checked) if checked.warnings.is_empty() => "accepted\n".to_owned(),
        Ok(checked) => {
            format!("accepted\n\n{}", render_warnings(&checked.warnings, file_name, text))
        }
        Err(error) => render(&error, file_name, text),
    }
}

#[test]
fn every_case_is_said_to_the_letter() {
    let library = Library::builtin();
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let (mut count, mut wrong) = (0, Vec::new());
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "toml")) {
        let text = fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let said = said(name, &text, &library);
        let expected = file.with_extension("expected");
        count += 1;
        if update {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("---- {name} now says\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 accepts this", wrong.join("\n"));
    assert!(count >= 60, "only {count} cases");
}

#[test]
fn no_expectation_is_left_without_its_case() {
    for file in fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|e| e == "expected") {
            assert!(file.with_extension("toml").exists(), "{} is dead", file.display());
        }
    }
}

#[test]
fn names_say_what_becomes_of_the_case() {
    let library = Library::builtin();
    for file in fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if file.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let parsed = Site::parse(&fs::read_to_string(&file).unwrap(), &library);
        match (name.split('-').next(), &parsed) {
            // Hardly a site has a device for every duty of its packs.
            (Some("good"), Ok(checked)) => assert!(
                checked.warnings.iter().all(|w| w.problem.starts_with("nothing watches")),
                "{name}"
            ),
            (Some("warn"), Ok(checked)) => assert!(!checked.warnings.is_empty(), "{name}"),
            (Some("good" | "warn"), Err(error)) => panic!("{name}: {error}"),
            (_, Ok(_)) => panic!("{name} is accepted"),
            (_, Err(_)) => {}
        }
    }
}
