//! Text of a cell: trimmed, in Unicode normalisation form C, without characters that hide or disturb.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

use super::finding::Finding;

/// Names of 100 characters are normal (two surnames, several given names); twice that is a slip.
pub(super) const NAME_CHARACTERS_MAX: usize = 200;

/// Titles of programmes and awards: the longest in the bundled samples has 67 characters.
pub(super) const LABEL_CHARACTERS_MAX: usize = 300;

/// No column has text of more characters than this; longer cells are refused before anything looks at them.
pub(super) const CELL_CHARACTERS_MAX: usize = 2_000;

/// Given names or family names: NFC, trimmed, at least one letter, never case-folded or transliterated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

impl PersonName {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        bounded(text, NAME_CHARACTERS_MAX)?;
        if !text.chars().any(char::is_alphabetic) {
            return Err(Finding::NameWithoutLetters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key for finding likely duplicates only: without case, accents and repeated spaces. Never signed.
    pub(super) fn folded(&self) -> String {
        let letters = self.0.nfkd().filter(|character| !is_combining_mark(*character));
        let lower: String = letters.flat_map(char::to_lowercase).collect();
        lower.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short text in the school's language: a title, a code of its own, a grade. NFC, trimmed, not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

impl Label {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        bounded(text, LABEL_CHARACTERS_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A cell after cleaning, and what had to be done to it.
pub(super) struct CleanText {
    pub(super) text: String,
    pub(super) notices: Vec<Finding>,
}

/// Trims, normalises and checks the characters of a cell.
pub(super) fn clean(cell: &str) -> Result<CleanText, Finding> {
    bounded(cell, CELL_CHARACTERS_MAX)?;
    let trimmed = cell.trim();
    let mut notices = Vec::new();
    if trimmed.len() != cell.len() && !trimmed.is_empty() {
        notices.push(Finding::SpacesTrimmed);
    }
    refuse_characters(trimmed)?;
    let text = if is_nfc(trimmed) {
        trimmed.to_owned()
    } else {
        notices.push(Finding::NormalisedNfc);
        trimmed.nfc().collect()
    };
    Ok(CleanText { text, notices })
}

fn refuse_characters(text: &str) -> Result<(), Finding> {
    if text.is_ascii() && !text.chars().any(char::is_control) {
        return Ok(());
    }
    if is_garbled(text) {
        return Err(Finding::TextGarbled);
    }
    for character in text.chars() {
        if is_bidi_control(character) {
            return Err(Finding::TextHasBidiControl { character });
        }
        if is_invisible(character) {
            return Err(Finding::TextHasInvisible { character });
        }
    }
    match text
        .chars()
        .find(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'))
    {
        Some(character) => Err(Finding::TextHasControl { character }),
        None => Ok(()),
    }
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm. A name needs none of them: the
/// pages isolate every value they show.
pub(super) fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters without width or shape. The joiners U+200C and U+200D are not among them: Persian, Urdu and the
/// Indic scripts are spelt with them.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
    )
}

/// UTF-8 read as Latin-1 or Windows-1252 and stored again: a lead byte of a two-byte sequence as a letter,
/// followed by what its continuation byte became. Or a character already replaced by U+FFFD.
fn is_garbled(text: &str) -> bool {
    if text.contains('\u{FFFD}') {
        return true;
    }
    let mut previous = ' ';
    for character in text.chars() {
        if matches!(previous, 'Ã' | 'Â') && is_continuation(character) {
            return true;
        }
        previous = character;
    }
    false
}

/// What the continuation bytes 80 to BF become in Latin-1 or Windows-1252.
fn is_continuation(character: char) -> bool {
    matches!(character, '\u{0080}'..='\u{00BF}' | '\u{2013}'..='\u{203A}' | '€' | 'ƒ' | '™')
        || matches!(character, 'Š' | 'š' | 'Œ' | 'œ' | 'Ž' | 'ž' | 'Ÿ' | '\u{02C6}' | '\u{02DC}')
}

fn bounded(text: &str, characters_max: usize) -> Result<(), Finding> {
    // A character has at most four bytes, so the bytes tell at once that short text is short.
    if text.len() <= characters_max {
        return Ok(());
    }
    let characters = text.chars().count();
    if characters > characters_max {
        Err(Finding::TextTooLong { characters, characters_max })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(cell: &str) -> Finding {
        match clean(cell) {
            Ok(clean) => panic!("accepted {:?}", clean.text),
            Err(finding) => finding,
        }
    }

    #[test]
    fn keeps_two_surnames_apostrophes_and_arabic() {
        for name in ["Alfaro de la Torre", "O’Connor D'Arc", "أبو داوود", "N'Diaye-Sène", "Zoë"] {
            let clean = clean(name).expect("clean");
            assert_eq!(clean.text, name);
            assert_eq!(clean.notices, []);
            assert_eq!(PersonName::parse(&clean.text).expect("name").as_str(), name);
        }
    }

    #[test]
    fn keeps_the_joiners_of_persian_names() {
        assert_eq!(clean("علی\u{200C}رضا").expect("clean").text, "علی\u{200C}رضا");
    }

    #[test]
    fn normalises_to_form_c_and_says_so() {
        let clean = clean("Jose\u{301}").expect("clean");
        assert_eq!(clean.text, "José");
        assert_eq!(clean.notices, [Finding::NormalisedNfc]);
    }

    #[test]
    fn trims_and_says_so() {
        let clean = clean("\u{A0}Ana ").expect("clean");
        assert_eq!(clean.text, "Ana");
        assert_eq!(clean.notices, [Finding::SpacesTrimmed]);
    }

    #[test]
    fn refuses_control_bidi_and_invisible_characters() {
        assert_eq!(refusal("A\u{7}na"), Finding::TextHasControl { character: '\u{7}' });
        assert_eq!(refusal("A\nna"), Finding::TextHasControl { character: '\n' });
        assert_eq!(refusal("á\u{85}a"), Finding::TextHasControl { character: '\u{85}' });
        assert_eq!(refusal("Ana\u{202E}x"), Finding::TextHasBidiControl { character: '\u{202E}' });
        assert_eq!(refusal("Ana\u{200B}x"), Finding::TextHasInvisible { character: '\u{200B}' });
    }

    #[test]
    fn refuses_text_of_a_wrong_encoding_but_not_capital_a_tilde() {
        assert_eq!(refusal("TÃ\u{AD}tulo"), Finding::TextGarbled);
        assert_eq!(refusal("MUÃ‘OZ"), Finding::TextGarbled);
        assert_eq!(refusal("JosÃ©"), Finding::TextGarbled);
        assert_eq!(refusal("Jos\u{FFFD}"), Finding::TextGarbled);
        assert_eq!(clean("JOÃO").expect("clean").text, "JOÃO");
    }

    #[test]
    fn refuses_names_without_letters_and_too_long() {
        assert_eq!(PersonName::parse("--"), Err(Finding::NameWithoutLetters));
        let long = "a".repeat(NAME_CHARACTERS_MAX + 1);
        let refused =
            Finding::TextTooLong { characters: NAME_CHARACTERS_MAX + 1, characters_max: NAME_CHARACTERS_MAX };
        assert_eq!(PersonName::parse(&long), Err(refused));
        assert!(PersonName::parse(&"é".repeat(NAME_CHARACTERS_MAX)).is_ok());
    }

    #[test]
    fn folds_case_accents_and_spaces_for_matching() {
        let fold = |name: &str| PersonName::parse(name).expect("name").folded();
        assert_eq!(fold("NÁJERA  Luna"), fold("najera luna"));
        assert_ne!(fold("Najera Luna"), fold("Najera"));
    }
}
