//! Renders the mdBook in a folder: `relayspec-mdbook FOLDER`. What stands in it, and whether its links hold, is `cargo xtask book`'s business.

use std::process::ExitCode;

use mdbook_driver::MDBook;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("error: which folder? `cargo xtask book` knows");
        return ExitCode::FAILURE;
    };
    match MDBook::load(folder).and_then(|book| book.build()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
