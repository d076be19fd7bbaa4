//! Exit codes that mean something, and errors printed with their whole chain.

use std::{fmt, process::ExitCode};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: it looked and found a problem.
    Problem,
    /// 2: wrong usage or configuration.
    Usage,
    /// 3: the environment: a port taken, a disk full, a file that cannot be read.
    Environment,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Problem => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
        })
    }
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// Wrong usage or configuration.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// Something around us is not as it must be.
    pub(crate) fn environment(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Environment, error: error.into() }
    }

    /// Prints the chain of causes, one a line.
    #[expect(clippy::print_stderr, reason = "the one place where errors reach the person")]
    pub(crate) fn print(&self) {
        let text = self.error.to_string();
        if text.starts_with("error") {
            eprintln!("{}", text.trim_end());
        } else {
            eprintln!("error: {text}");
        }
        for cause in self.error.chain().skip(1) {
            eprintln!("  because: {cause}");
        }
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        failure.exit
    }
}

/// Anything that has no exit code of its own is the environment's doing.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::environment(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}
