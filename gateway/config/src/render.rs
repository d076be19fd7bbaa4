//! Reasons as text, the way a compiler shows them. See `docs/decisions/0005-config-diagnostics.md`.

use crate::Reason;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use core::ops::Range;

/// Keys whose value is a secret, or would be one if somebody wrote it there.
const SECRET_KEYS: [&str; 3] = ["password", "token", "secret"];

/// Every fault with its line, for a terminal; no colour. `faults` is a
/// [`ConfigError`](crate::ConfigError) or its reasons, `text` what was parsed.
pub fn render(faults: impl AsRef<[Reason]>, file_name: &str, text: &str) -> String {
    show(Level::ERROR, faults.as_ref(), file_name, text)
}

/// Every warning with its line, for a terminal; no colour. Empty if there is none.
pub fn render_warnings(warnings: &[Reason], file_name: &str, text: &str) -> String {
    show(Level::WARNING, warnings, file_name, text)
}

fn show(level: Level<'_>, reasons: &[Reason], file_name: &str, text: &str) -> String {
    let renderer = Renderer::plain().decor_style(DecorStyle::Ascii);
    let text = masked(text);
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out = String::new();
    for reason in reasons {
        let line = lines.get(reason.line - 1).copied().unwrap_or("").trim_end_matches('\r');
        let mark = AnnotationKind::Primary.span(span(line, reason.column, reason.length));
        let snippet =
            Snippet::source(line).line_start(reason.line).path(file_name).annotation(mark);
        let mut group = level.clone().primary_title(reason.problem.as_str()).element(snippet);
        if let Some(hint) = &reason.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&renderer.render(&[group]));
        out.push('\n');
    }
    out
}

/// The bytes of a line that a column and a length in characters mean.
fn span(line: &str, column: usize, length: usize) -> Range<usize> {
    let at =
        |character: usize| line.char_indices().nth(character).map_or(line.len(), |(byte, _)| byte);
    at(column - 1)..at(column - 1 + length)
}

/// The text with everything blotted out that might be a secret: what is shown here ends up in logs
/// and mails. Every byte is replaced by one, so places stay what they are.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        for key in SECRET_KEYS {
            mask_value(&mut line, key);
        }
        mask_url(&mut line);
        masked.push_str(&line);
    }
    masked
}

/// Blots out the quoted texts that follow `key =`.
fn mask_value(line: &mut String, key: &str) {
    let mut from = 0;
    while let Some(found) = line[from..].find(key) {
        from += found + key.len();
        let rest = line[from..].trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        let start = line.len() - rest.len();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let triple = rest.starts_with("\"\"\"") || rest.starts_with("'''");
        let end = if triple { line_end(line) } else { end_of_text(line, start + 1, quote) };
        blot(line, start + 1..end);
        from = end;
    }
}

/// Where the quoted text ends that begins at `from`; an escaped quote does not end it.
fn end_of_text(line: &str, from: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in line[from..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return from + at,
            _ => {}
        }
    }
    line_end(line).max(from)
}

fn line_end(line: &str) -> usize {
    line.trim_end_matches(['\n', '\r']).len()
}

/// Blots out the user and password of `http://user:password@host`, and what follows a `?`: many a
/// webhook has its key there.
fn mask_url(line: &mut String) {
    let Some(start) = line.find("://").map(|at| at + 3) else { return };
    let until =
        |from: usize, ends: &[char]| line[from..].find(ends).map_or(line.len(), |at| from + at);
    let end = until(start, &['"', '\'', '\n', '\r']);
    let host_end = until(start, &['/', '?', '"', '\'', '\n', '\r']);
    let user = line[start..host_end].rfind('@').map(|at| start..start + at);
    let query = line[start..end].find('?').map(|at| start + at + 1..end);
    for range in user.into_iter().chain(query) {
        blot(line, range);
    }
}

fn blot(line: &mut String, range: Range<usize>) {
    line.replace_range(range.clone(), &"*".repeat(range.len()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConfigError;

    fn reason(line: usize, column: usize, length: usize, hint: Option<&str>) -> Reason {
        Reason {
            line,
            column,
            length,
            path: "device[0].profile".into(),
            problem: "unknown profile \"generic-hp\"".into(),
            hint: hint.map(Into::into),
        }
    }

    #[test]
    fn it_looks_like_a_compiler() {
        let text = "[[device]]\r\nname = \"余氯仪\" # 一\r\nprofile = \"generic-hp\"";
        let error = ConfigError {
            reasons: vec![
                reason(2, 8, 5, None),
                reason(3, 11, 12, Some("did you mean \"generic-ph\"?")),
            ],
        };
        let expected = "\
error: unknown profile \"generic-hp\"
 --> site.toml:2:8
  |
2 | name = \"余氯仪\" # 一
  |        ^^^^^^^^

error: unknown profile \"generic-hp\"
 --> site.toml:3:11
  |
3 | profile = \"generic-hp\"
  |           ^^^^^^^^^^^^
  |
  = help: did you mean \"generic-ph\"?
";
        assert_eq!(render(&error, "site.toml", text), expected);
    }

    #[test]
    fn a_place_that_is_not_there_is_shown_all_the_same() {
        for (line, column, length) in [(1, 1, 0), (1, 9, 9), (9, 9, 9)] {
            let shown = render_warnings(&[reason(line, column, length, None)], "a.toml", "");
            assert!(shown.starts_with("warning: unknown profile"), "{shown}");
        }
        assert_eq!(render_warnings(&[], "a.toml", ""), "");
    }

    #[test]
    fn secrets_are_not_shown() {
        for (text, expected) in [
            (r#"{ secret = "hunter2", url = "u" }"#, r#"{ secret = "*******", url = "u" }"#),
            (r#"token= 'a"b' # c"#, r#"token= '***' # c"#),
            (r#"password = "a\"b""#, r#"password = "****""#),
            (r#""password" = "open"#, r#""password" = "****"#),
            ("secret = \"\"\"a\n", "secret = \"***\n"),
            ("password = \"余\"\n", "password = \"***\"\n"),
            (r#"secret = { file = "key" }"#, r#"secret = { file = "key" }"#),
            (r#"url = "http://u:p@h/x@y""#, r#"url = "http://***@h/x@y""#),
            (r#"url = "http://h/send?key=k", id = 1"#, r#"url = "http://h/send?*****", id = 1"#),
            (r#"url = "http://h/x@y""#, r#"url = "http://h/x@y""#),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
