//! Weeks in the life of facilities.
