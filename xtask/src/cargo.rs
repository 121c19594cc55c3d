//! Running commands. Each error has the command, its folder, and how it ended.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::workspace;

/// The cargo that runs this process, at the workspace's root.
pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Any program, at the workspace's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    command
}

/// Runs a command and lets its output through.
///
/// # Errors
/// If it does not start, or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("`{}` does not start", shown(command)))?;
    ensure!(status.success(), "`{}` failed: {status}", shown(command));
    Ok(())
}

/// Runs a command, lets its diagnostics through, and returns its output.
///
/// # Errors
/// If it does not start, fails, or does not print UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("`{}` does not start", shown(command)))?;
    ensure!(output.status.success(), "`{}` failed: {}", shown(command), output.status);
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{}` is not UTF-8", shown(command)))
}

/// Cargo's target folder, which the environment or a configuration file may set.
///
/// # Errors
/// If cargo cannot read the workspace.
pub(crate) fn target() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }

    let text = output(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")?;
    Ok(metadata.target_directory)
}

/// The command as typed at the workspace's root.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(text, "{}={} ", name.display(), quoted(value));
        }
    }
    text.push_str(&program_shown(command.get_program()));
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&quoted(argument));
    }
    match command.get_current_dir().and_then(|directory| directory.strip_prefix(workspace::root()).ok()) {
        Some(below) if below != Path::new("") => format!("(cd {} && {text})", quoted(below.as_os_str())),
        _ => text,
    }
}

/// Cargo by its name, other programs of the workspace by their path below its root.
fn program_shown(program: &OsStr) -> String {
    let path = Path::new(program);
    if Some(program) == std::env::var_os("CARGO").as_deref() {
        return "cargo".into();
    }
    quoted(path.strip_prefix(workspace::root()).unwrap_or(path).as_os_str())
}

fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:@+,{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_commands_as_typed() {
        let mut doc = cargo(["doc", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&doc), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");

        let mut install = program("npm");
        install.arg("ci").current_dir(workspace::root().join("examples/node"));
        assert_eq!(shown(&install), "(cd examples/node && npm ci)");

        let mut runner = program(workspace::root().join("target/release/conformance"));
        runner.args(["server", "--set", "code_lifetime=1500ms"]);
        assert_eq!(shown(&runner), "target/release/conformance server --set code_lifetime=1500ms");
    }

    #[test]
    fn reports_commands_that_fail_or_do_not_start() {
        assert!(run(cargo(["--version"]).stdout(Stdio::null())).is_ok());
        let error = run(cargo(["no-such-command"]).stderr(Stdio::null())).expect_err("cargo has no such command");
        assert_eq!(format!("{error:#}"), "`cargo no-such-command` failed: exit status: 101");
        let error = output(&mut program("no-such-program")).expect_err("there is no such program");
        assert!(format!("{error:#}").starts_with("`no-such-program` does not start: "), "{error:#}");
    }
}
