//! A daemon that is killed again and again.

mod kills;
