//! ISCED 2011 levels and programmes (ISCED-P), ISCED-F 2013 fields.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use super::finding::Finding;

/// The bundled list of the European Skills Data Model: code, URI, English label.
const ISCED_F_CSV: &str = include_str!("../../codelists/isced-f-2013.csv");

static ISCED_F: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(ISCED_F_CSV.as_bytes());
    let rows = reader.records().map_while(Result::ok);
    rows.filter_map(|row| Some((row.get(0)?.to_owned(), row.get(2)?.to_owned()))).collect()
});

/// A level of ISCED 2011, 0 (early childhood) to 8 (doctoral).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IscedLevel(u8);

impl IscedLevel {
    /// The level, 0 to 8; `None` for any other number.
    pub fn new(level: u8) -> Option<Self> {
        (level <= 8).then_some(Self(level))
    }

    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        match text.as_bytes() {
            [digit @ b'0'..=b'8'] => Ok(Self(digit - b'0')),
            _ => Err(Finding::IscedLevelUnknown),
        }
    }

    /// 0 to 8.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for IscedLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A three-digit programme code of ISCED-P 2011, as given: level, category, subcategory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IscedP([u8; 3]);

impl IscedP {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        match text.as_bytes() {
            [level @ b'0'..=b'8', category @ b'0'..=b'9', subcategory @ b'0'..=b'9'] => {
                Ok(Self([level - b'0', category - b'0', subcategory - b'0']))
            }
            _ => Err(Finding::IscedPUnknown),
        }
    }

    /// The level that the first digit names.
    pub fn level(self) -> IscedLevel {
        IscedLevel(self.0[0])
    }
}

impl fmt::Display for IscedP {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [level, category, subcategory] = self.0;
        write!(f, "{level}{category}{subcategory}")
    }
}

/// A four-digit detailed field of ISCED-F 2013 that is in the bundled list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IscedF(&'static str);

impl IscedF {
    /// The field of four digits; `None` when the list does not have it.
    pub fn new(code: &str) -> Option<Self> {
        let (listed, _) = ISCED_F.get_key_value(code).filter(|_| code.len() == 4)?;
        Some(Self(listed))
    }

    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        Self::new(text).ok_or_else(|| Finding::IscedFUnknown { meant: without_leading_zeros(text) })
    }

    /// The four digits.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The English label of the list.
    pub fn label(self) -> &'static str {
        ISCED_F.get(self.0).map_or("", String::as_str)
    }
}

impl fmt::Display for IscedF {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The listed field whose leading zeros a spreadsheet took, if there is one: 11 for 0011.
fn without_leading_zeros(text: &str) -> Option<&'static str> {
    let digits = (1..4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| format!("{text:0>4}")).and_then(|code| IscedF::new(&code)).map(IscedF::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_is_whole() {
        assert_eq!(ISCED_F.len(), ISCED_F_CSV.lines().count() - 1);
        assert_eq!(ISCED_F.keys().filter(|code| code.len() == 4).count(), 150);
        assert_eq!(IscedF::new("0212").map(IscedF::label), Some("Fashion, interior and industrial design"));
    }

    #[test]
    fn accepts_listed_fields_only() {
        assert_eq!(IscedF::parse("0611").map(IscedF::as_str), Ok("0611"));
        assert_eq!(IscedF::parse("9876"), Err(Finding::IscedFUnknown { meant: None }));
        assert_eq!(IscedF::parse("061"), Err(Finding::IscedFUnknown { meant: None }));
        assert_eq!(IscedF::parse("11"), Err(Finding::IscedFUnknown { meant: Some("0011") }));
        assert_eq!(IscedF::parse("611"), Err(Finding::IscedFUnknown { meant: Some("0611") }));
    }

    #[test]
    fn levels_are_zero_to_eight() {
        assert_eq!(IscedLevel::parse("0").map(IscedLevel::get), Ok(0));
        assert_eq!(IscedLevel::parse("8").map(IscedLevel::get), Ok(8));
        for text in ["9", "-1", "03", "3.0", "٣", ""] {
            assert_eq!(IscedLevel::parse(text), Err(Finding::IscedLevelUnknown), "{text}");
        }
    }

    #[test]
    fn programmes_are_three_digits_beginning_with_a_level() {
        let programme = IscedP::parse("344").expect("programme");
        assert_eq!((programme.to_string(), programme.level().get()), ("344".to_owned(), 3));
        for text in ["34", "3444", "944", "3a4"] {
            assert_eq!(IscedP::parse(text), Err(Finding::IscedPUnknown), "{text}");
        }
    }
}
