//! Small changes of texts.

/// The text with a capital letter in front.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The parts with a separator between them, each once.
pub(crate) fn joined_once(parts: impl IntoIterator<Item = String>, separator: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for part in parts {
        if !all.contains(&part) {
            all.push(part);
        }
    }
    all.join(separator)
}
