//! Languages of instruction and of awards.

use std::fmt;

use isolang::Language;
use oxilangtag::LanguageTag as Tag;

use super::finding::Finding;

/// A BCP 47 tag whose primary language is in ISO 639, in canonical case (`pt-BR`).
///
/// SPEC: RFC 5646, 2.1 (well-formed) and 2.2.1 (the shortest code of a language is the subtag).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageTag(String);

impl LanguageTag {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let unknown = || Finding::LanguageUnknown { meant: None };
        let tag = Tag::parse_and_normalize(text).map_err(|_| unknown())?;
        let primary = tag.primary_language();
        if Language::from_639_1(primary).is_some() {
            return Ok(Self(tag.into_inner()));
        }
        match Language::from_639_3(primary).map(|language| language.to_639_1()) {
            Some(None) => Ok(Self(tag.into_inner())),
            Some(Some(shorter)) => {
                Err(Finding::LanguageUnknown { meant: Some(tag.as_str().replacen(primary, shorter, 1)) })
            }
            None => Err(unknown()),
        }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_languages_with_script_and_region() {
        for (written, canonical) in [
            ("es", "es"),
            ("ES-hn", "es-HN"),
            ("ar", "ar"),
            ("wo", "wo"),
            ("quc", "quc"),
            ("zh-hant-TW", "zh-Hant-TW"),
        ] {
            assert_eq!(LanguageTag::parse(written).as_ref().map(LanguageTag::as_str), Ok(canonical));
        }
    }

    #[test]
    fn refuses_unknown_languages_and_shapes() {
        for text in ["xx-klingon", "xx", "Español", "e", "es_HN", "es-", "x-private", ""] {
            assert_eq!(LanguageTag::parse(text), Err(Finding::LanguageUnknown { meant: None }), "{text}");
        }
    }

    #[test]
    fn refuses_the_longer_code_and_names_the_shorter() {
        assert_eq!(
            LanguageTag::parse("spa-HN"),
            Err(Finding::LanguageUnknown { meant: Some("es-HN".to_owned()) })
        );
    }
}
