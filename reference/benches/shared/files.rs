//! The limit of open files.

use rustix::process::{Resource, getrlimit, setrlimit};

pub(crate) fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    _ = setrlimit(Resource::Nofile, limit);
}
