//! Strict JSON: the one door through which foreign JSON enters.
//!
//! Refused besides malformed text: duplicate keys (two readers would see two documents), numbers that a double
//! cannot hold (RFC 8785 would change them), depth and size beyond the limits.
//!
//! SPEC: RFC 8259, RFC 7493 (I-JSON).

use core::cell::RefCell;
use core::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Largest document: a presentation of a whole school life. A portable record of a transcript has about 60 kB;
/// 64 of them fit.
pub const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Deepest nesting: a CLR with nested credentials inside a presentation inside a file needs about 16.
pub const JSON_DEPTH_MAX: usize = 64;

/// Largest integer that every reader holds exactly (2^53 − 1; RFC 7493 §2.2).
pub const JSON_INTEGER_MAX: u64 = (1 << 53) - 1;

/// Under its feature `arbitrary_precision`, which another crate of the binary may switch on, `serde_json` hands
/// numbers over as a map with this key. A document that spells it out could pass an object off as a number.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";
const RESERVED_PREFIX: &[u8] = b"$serde_json::private::";

/// Why a text was refused as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The document is larger than the limit.
    #[error("the document has {bytes} bytes, at most {max} are read")]
    TooLarge {
        /// Size of the document.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The document is not UTF-8.
    #[error("byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// The text is no JSON.
    #[error("not JSON at line {line}, column {column}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// An object has the same key twice.
    #[error("the key `{key}` occurs twice in the object `{pointer}`")]
    DuplicateKey {
        /// JSON pointer of the object, cut short where it is longer than any real one.
        pointer: String,
        /// The key, cut short likewise.
        key: String,
    },
    /// Arrays and objects are nested too deeply.
    #[error("nested deeper than {max} at line {line}")]
    TooDeep {
        /// The limit.
        max: usize,
        /// Line, from 1.
        line: usize,
    },
    /// A number that a double cannot hold.
    #[error("the number at `{pointer}` cannot be held exactly")]
    NumberOutOfRange {
        /// JSON pointer of the number.
        pointer: String,
    },
    /// A key that the JSON library reserves for itself.
    #[error("the document uses a key reserved for the JSON library")]
    ReservedKey,
}

/// Reads one JSON document of at most [`JSON_BYTES_MAX`] bytes.
///
/// # Errors
/// [`JsonError`]; nothing is repaired.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_limited(bytes, JSON_BYTES_MAX)
}

/// Reads one JSON document of at most `bytes_max` bytes.
///
/// # Errors
/// [`JsonError`]; nothing is repaired.
pub fn parse_limited(bytes: &[u8], bytes_max: usize) -> Result<Value, JsonError> {
    if bytes.len() > bytes_max {
        return Err(JsonError::TooLarge { bytes: bytes.len(), max: bytes_max });
    }
    let text = core::str::from_utf8(bytes).map_err(|e| JsonError::NotUtf8 { offset: e.valid_up_to() })?;
    if bytes.windows(RESERVED_PREFIX.len()).any(|window| window == RESERVED_PREFIX) {
        return Err(JsonError::ReservedKey);
    }
    let walk = Walk::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { walk: &walk, depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| walk.explain(&error))
}

/// Where the reader is, and the defect it found there.
#[derive(Default)]
struct Walk {
    pointer: RefCell<Vec<String>>,
    defect: RefCell<Option<Defect>>,
}

enum Defect {
    Duplicate { pointer: String, key: String },
    Depth,
    Number { pointer: String },
    Reserved,
}

impl Walk {
    fn pointer(&self) -> String {
        pointer(&self.pointer.borrow())
    }

    fn refuse<E: serde::de::Error>(&self, defect: Defect) -> E {
        self.defect.replace(Some(defect));
        E::custom("refused")
    }

    fn explain(&self, error: &serde_json::Error) -> JsonError {
        match self.defect.take() {
            Some(Defect::Duplicate { pointer, key }) => {
                JsonError::DuplicateKey { pointer: quoted(&pointer), key: quoted(&key) }
            }
            Some(Defect::Depth) => JsonError::TooDeep { max: JSON_DEPTH_MAX, line: error.line() },
            Some(Defect::Number { pointer }) => JsonError::NumberOutOfRange { pointer: quoted(&pointer) },
            Some(Defect::Reserved) => JsonError::ReservedKey,
            None => JsonError::Malformed { line: error.line(), column: error.column() },
        }
    }
}

/// Characters of a foreign text that an error repeats: longer than any name or pointer of a real document.
const QUOTED_CHARS_MAX: usize = 300;

/// A text that a stranger chose, for an error to repeat: cut short where it is longer than any real one.
pub fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// Joins reference tokens to a JSON pointer (RFC 6901).
fn pointer(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}

#[derive(Clone, Copy)]
struct Strict<'w> {
    walk: &'w Walk,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == JSON_DEPTH_MAX {
            return Err(self.walk.refuse(Defect::Depth));
        }
        Ok(Self { walk: self.walk, depth: self.depth + 1 })
    }

    fn integer<E: serde::de::Error>(self, number: impl Into<Number>, magnitude: u64) -> Result<Value, E> {
        if magnitude > JSON_INTEGER_MAX {
            return Err(self.walk.refuse(Defect::Number { pointer: self.walk.pointer() }));
        }
        Ok(Value::Number(number.into()))
    }

    fn double<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number)
            .filter(|_| number.abs() <= JSON_INTEGER_MAX as f64)
            .map(Value::Number)
            .ok_or_else(|| self.walk.refuse(Defect::Number { pointer: self.walk.pointer() }))
    }

    /// A number handed over as text (`arbitrary_precision`), read as it would be without that feature.
    fn number_text<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        if let Ok(number) = text.parse::<u64>() {
            self.integer(number, number)
        } else if let Some(number) = text.parse::<i64>().ok().filter(|number| *number != 0) {
            self.integer(number, number.unsigned_abs())
        } else {
            self.double(text.parse().map_err(|_| E::custom("number"))?)
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.integer(value, value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.integer(value, value.unsigned_abs())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.double(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        loop {
            self.walk.pointer.borrow_mut().push(array.len().to_string());
            let Some(item) = items.next_element_seed(inner)? else { break };
            self.walk.pointer.borrow_mut().pop();
            array.push(item);
        }
        self.walk.pointer.borrow_mut().pop();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let key = match key {
                KeyText::Plain(key) => key,
                KeyText::NumberToken if object.is_empty() => {
                    return self.number_text(&entries.next_value::<String>()?);
                }
                KeyText::NumberToken | KeyText::EscapedToken => {
                    return Err(self.walk.refuse(Defect::Reserved));
                }
            };
            if object.contains_key(&key) {
                return Err(self.walk.refuse(Defect::Duplicate { pointer: self.walk.pointer(), key }));
            }
            let inner = self.deeper()?;
            self.walk.pointer.borrow_mut().push(key.clone());
            let value = entries.next_value_seed(inner)?;
            self.walk.pointer.borrow_mut().pop();
            object.insert(key, value);
        }
        self.deeper::<A::Error>()?;
        Ok(Value::Object(object))
    }
}

/// A key as it was handed over. The library's own token is always borrowed; a key of the document that spells the
/// token must hide it behind an escape, because the plain bytes were refused before, and is then never borrowed.
enum KeyText {
    Plain(String),
    NumberToken,
    EscapedToken,
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = KeyText;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<KeyText, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = KeyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<KeyText, E> {
        Ok(if key == NUMBER_TOKEN { KeyText::NumberToken } else { KeyText::Plain(key.to_owned()) })
    }

    fn visit_str<E>(self, key: &str) -> Result<KeyText, E> {
        let reserved = key.as_bytes().starts_with(RESERVED_PREFIX);
        Ok(if reserved { KeyText::EscapedToken } else { KeyText::Plain(key.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_amounts_as_written() {
        let value = parse(br#"{"a":14.6,"b":-3,"c":[0,1.5e3]}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":14.6,"b":-3,"c":[0,1500.0]}"#);
    }

    #[test]
    fn points_at_a_duplicate_key() {
        let error = parse(br#"{"a":[{"x":1},{"y/z":{"k":1,"\u006b":2}}]}"#).unwrap_err();
        assert_eq!(error, JsonError::DuplicateKey { pointer: "/a/1/y~1z".to_owned(), key: "k".to_owned() });
    }

    #[test]
    fn accepts_the_deepest_nesting_and_refuses_one_more() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
            assert_eq!(
                parse(nested(JSON_DEPTH_MAX + 1).as_bytes()),
                Err(JsonError::TooDeep { max: JSON_DEPTH_MAX, line: 1 })
            );
        }
    }

    #[test]
    fn refuses_keys_of_the_library_plain_and_escaped() {
        for text in [
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"\u0024serde_json::private::Number":"1"}"#,
            r#"{"a":1,"$serde_json::private::RawValue":"1"}"#,
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::ReservedKey), "{text}");
        }
    }

    #[test]
    fn refuses_numbers_a_double_cannot_hold() {
        assert!(parse(br#"{"n":9007199254740991}"#).is_ok());
        for text in ["9007199254740992", "-9007199254740992", "100000000000000000000000", "1e400"] {
            let document = format!("{{\"n\":{text}}}");
            assert!(
                matches!(
                    parse(document.as_bytes()),
                    Err(JsonError::NumberOutOfRange { .. } | JsonError::Malformed { .. })
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_size_encoding_and_trailing_text() {
        assert_eq!(parse_limited(b"[1]", 2), Err(JsonError::TooLarge { bytes: 3, max: 2 }));
        assert_eq!(parse(b"\"a\xff\""), Err(JsonError::NotUtf8 { offset: 2 }));
        assert!(matches!(parse(b"{} {}"), Err(JsonError::Malformed { line: 1, column: 4 })));
        assert!(matches!(parse(b"{\n\"a\":}"), Err(JsonError::Malformed { line: 2, .. })));
        assert!(matches!(parse(b""), Err(JsonError::Malformed { .. })));
    }
}
