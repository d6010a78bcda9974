//! Wording of messages: text of others made fit to be shown, and suggestions.

/// At most 60 characters of `text`, free of control characters, for messages.
pub(crate) fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    // Four bytes is the longest character: never more than needed is looked at.
    let head = &text[..text.len().min(4 * LONGEST)];
    let mut shown: String = String::from_utf8_lossy(head)
        .chars()
        .map(|character| match character {
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .take(LONGEST)
        .collect();
    if shown.len() < text.len() && (head.len() < text.len() || shown.chars().count() == LONGEST) {
        shown.push('…');
    }
    shown
}

/// The end of a message about a word that is not known.
pub(super) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}
