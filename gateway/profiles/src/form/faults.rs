//! Where something stands in a text, and what is wrong with it.

use core::cell::RefCell;
use core::fmt;
use core::ops::Range;

/// Longest text that is read, in bytes: a thousand devices fit ten times over.
pub const TEXT_MAX: usize = 4 << 20;

/// Most reasons that are kept; nobody reads more, and a hostile text must not fill the memory.
const REASONS_MAX: usize = 500;

/// Longest problem or hint, in characters: it may quote the text.
const WORDS_MAX: usize = 2_000;

/// One thing that is wrong with a text, where, and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// How many characters of the line are meant; 0 if something is missing there.
    pub length: usize,
    /// Where in the form, e.g. `device[2].profile` (the third device); empty for the whole text.
    pub path: String,
    /// What is wrong, in one clause.
    pub problem: String,
    /// How to put it right, where that can be said.
    pub hint: Option<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// A place in a text: which bytes, and where in the form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// The bytes.
    pub span: Range<usize>,
    /// The path, e.g. `device[2].profile`.
    pub path: String,
}

impl Spot {
    /// A place within this one.
    pub(super) fn within(&self, key: &str, span: Range<usize>) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { span, path: format!("{}{dot}{key}", self.path) }
    }

    /// An item of the list that stands here.
    pub(super) fn item(&self, index: usize, span: Range<usize>) -> Self {
        Self { span, path: format!("{}[{index}]", self.path) }
    }
}

/// The faults found in a text so far. Readers share it, hence the inner mutability.
#[derive(Debug)]
pub struct Faults<'i> {
    text: &'i str,
    line_starts: Vec<usize>,
    reasons: RefCell<Vec<(usize, Reason)>>,
}

impl<'i> Faults<'i> {
    /// No faults in `text` yet.
    pub fn new(text: &'i str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = core::iter::once(0).chain(after_breaks).collect();
        Self { text, line_starts, reasons: RefCell::new(Vec::new()) }
    }

    /// Notes a fault.
    pub fn note(&self, spot: &Spot, problem: impl Into<String>) {
        self.push(spot, problem.into(), None);
    }

    /// Notes a fault and how to put it right.
    pub fn hint(&self, spot: &Spot, problem: impl Into<String>, hint: impl Into<String>) {
        self.push(spot, problem.into(), Some(hint.into()));
    }

    /// Notes a fault, with a hint if there is one.
    pub fn maybe_hint(&self, spot: &Spot, problem: impl Into<String>, hint: Option<String>) {
        self.push(spot, problem.into(), hint);
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.reasons.borrow().is_empty()
    }

    /// The line on which a place begins, counted from 1.
    pub fn line(&self, spot: &Spot) -> usize {
        self.line_starts.partition_point(|start| *start <= spot.span.start)
    }

    /// Everything noted, in the order of the text.
    pub fn into_reasons(self) -> Vec<Reason> {
        let mut reasons = self.reasons.into_inner();
        reasons.sort_by_key(|(at, _)| *at);
        reasons.into_iter().map(|(_, reason)| reason).collect()
    }

    fn push(&self, spot: &Spot, problem: String, hint: Option<String>) {
        let mut reasons = self.reasons.borrow_mut();
        if reasons.len() < REASONS_MAX {
            let (line, column, length) = self.place(&spot.span);
            let (problem, path) = (printable(&problem, false), printable(&spot.path, false));
            let hint = hint.map(|hint| printable(&hint, true));
            reasons.push((spot.span.start, Reason { line, column, length, path, problem, hint }));
        }
    }

    /// Line, column and length in characters; what goes on over the line is cut at its end.
    fn place(&self, span: &Range<usize>) -> (usize, usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= span.start);
        let line_start = self.line_starts[line - 1];
        let line_end =
            self.text[line_start..].find('\n').map_or(self.text.len(), |at| line_start + at);
        let chars = |from: usize, to: usize| {
            self.text
                .get(from..to.max(from))
                .map_or(0, |piece| piece.trim_end_matches('\r').chars().count())
        };
        let start = span.start.min(line_end);
        (line, chars(line_start, start) + 1, chars(start, span.end.min(line_end)))
    }
}

/// The text in bounds and without anything that a terminal could take for a command: it may quote
/// a text that came from elsewhere. A hint may have several lines.
fn printable(text: &str, lines: bool) -> String {
    let mut printable = String::with_capacity(text.len().min(WORDS_MAX));
    for (count, character) in text.chars().enumerate() {
        match character {
            _ if count >= WORDS_MAX => return printable + "...",
            c if c.is_control() && !(lines && c == '\n') => printable.extend(c.escape_default()),
            c => printable.push(c),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(text: &str, what: &str) -> Spot {
        let at = text.find(what).unwrap();
        Spot { span: at..at + what.len(), path: what.into() }
    }

    #[test]
    fn places_are_lines_and_characters_in_the_order_of_the_text() {
        let text = "a = 1\n余氯 = \"x\"\r\n\nlast";
        let faults = Faults::new(text);
        for what in ["last", "\"x\"\r\n\nl", "a", "氯"] {
            faults.note(&spot(text, what), what);
        }
        faults.note(&Spot { span: text.len()..text.len(), path: String::new() }, "end");
        let places: Vec<_> =
            faults.into_reasons().iter().map(|r| (r.line, r.column, r.length)).collect();
        assert_eq!(places, [(1, 1, 1), (2, 2, 1), (2, 6, 3), (4, 1, 4), (4, 5, 0)]);
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let faults = Faults::new("");
        faults.note(&Spot::default(), "nothing");
        let reasons = faults.into_reasons();
        assert_eq!((reasons[0].line, reasons[0].column, reasons[0].length), (1, 1, 0));
    }

    #[test]
    fn what_is_quoted_cannot_command_a_terminal_nor_fill_it() {
        let faults = Faults::new("a");
        faults.note(&Spot::default(), "unknown \"\u{1b}[2J\u{7}余\"");
        faults.note(&Spot::default(), "氯".repeat(2 * WORDS_MAX));
        let reasons = faults.into_reasons();
        assert_eq!(reasons[0].problem, "unknown \"\\u{1b}[2J\\u{7}余\"");
        assert_eq!(reasons[1].problem.chars().count(), WORDS_MAX + 3);
    }

    #[test]
    fn the_list_is_bounded() {
        let faults = Faults::new("a");
        for _ in 0..2 * REASONS_MAX {
            faults.note(&Spot::default(), "again");
        }
        assert_eq!(faults.into_reasons().len(), REASONS_MAX);
    }
}
