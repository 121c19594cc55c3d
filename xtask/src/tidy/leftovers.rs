//! Nothing unfinished: no lint silenced for good, and no macro that stands for work to be done.

use super::finding::Finding;
use super::rust::Source;
use super::tree::Tree;

const MACROS: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// What was left behind.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources().iter().flat_map(|source| silenced(source).chain(unfinished(source))).collect()
}

fn silenced(source: &Source) -> impl Iterator<Item = Finding> {
    let is_allow = |names: &[String]| match names {
        [first, ..] if first == "cfg_attr" => names.iter().any(|name| name == "allow"),
        [first, ..] => first == "allow",
        [] => false,
    };
    let allowed = source.attributes.iter().filter(move |attribute| is_allow(&attribute.names));
    allowed.map(|attribute| {
        Finding::at(&source.path, attribute.line, "`allow` outlives its cause: use `expect` with a reason")
    })
}

fn unfinished(source: &Source) -> impl Iterator<Item = Finding> {
    let mentions = source.mentions.iter().filter(|mention| MACROS.contains(&mention.path.as_str()));
    mentions.map(|mention| Finding::at(&source.path, mention.line, format!("`{}` is left over", mention.path)))
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    #[test]
    fn finished_code_passes() {
        let text = "#[expect(dead_code, reason = \"#[allow(x)]\")]\nfn f() { allow(todo); s(\"todo!()\") } // dbg!";
        assert_eq!(shown(&check(&Tree::of(&[("a.rs", text)]))), [""; 0]);
    }

    #[test]
    fn what_is_left_over_is_found() {
        let text = "#![allow(a)]\n#[cfg_attr(b, allow(c))]\n#[ allow (d)]\nfn f() {\n todo!();\n std::unimplemented!();\n dbg!(1);\n}";
        let silenced = "`allow` outlives its cause: use `expect` with a reason";
        assert_eq!(
            shown(&check(&Tree::of(&[("a.rs", text)]))),
            [
                format!("a.rs:1: {silenced}"),
                format!("a.rs:2: {silenced}"),
                format!("a.rs:3: {silenced}"),
                "a.rs:5: `todo!` is left over".into(),
                "a.rs:6: `unimplemented!` is left over".into(),
                "a.rs:7: `dbg!` is left over".into(),
            ]
        );
    }
}
