//! Stories, and searches for what must never happen.

mod acts;
mod life;
mod several;
