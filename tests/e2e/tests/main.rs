//! End to end: the built binary, as its users meet it, against programs that nobody here wrote.

mod stories;
