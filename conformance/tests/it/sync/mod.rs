//! A sync server that is killed again and again.

mod lasting;
