//! Where a secret is kept. The secret itself never stands in a site file, which is copied, mailed
//! and hashed into evidence.

use core::fmt;
use std::path::PathBuf;

/// Where a password, token or key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a file of its own; blanks and line breaks at its end do not count.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}
