//! What is wrong with a TOML file, in one line: where, which key, what was expected.

use core::fmt;

use matricula_credential::json::quoted;

/// A defect of a TOML text. Shown as `line 3, column 10, at listen: invalid type: integer, expected a string`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TomlError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key on that line, where the parser's own words do not name it.
    pub key: Option<String>,
    /// What the parser says, on one line.
    pub problem: String,
}

impl TomlError {
    /// What the parser said of this text.
    pub fn of(text: &str, error: &toml::de::Error) -> Self {
        let problem = quoted(&error.message().split_whitespace().collect::<Vec<_>>().join(" "));
        let offset = error.span().map_or(0, |span| span.start);
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_text = text[line_start..].lines().next().unwrap_or_default();
        let key = line_text.split_once('=').map(|(key, _)| quoted(key.trim()));
        // A member that is missing is on no line: the span is that of the whole.
        let is_missing = problem.starts_with("missing field");
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key: key.filter(|key| !key.is_empty() && !is_missing && !problem.contains(key.as_str())),
            problem,
        }
    }
}

impl fmt::Display for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(key) = &self.key {
            write!(f, ", at {key}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::TomlError;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Card {
        #[allow(dead_code, reason = "what is read does not matter here")]
        name: String,
    }

    fn told(text: &str) -> String {
        let told = TomlError::of(text, &toml::from_str::<Card>(text).unwrap_err()).to_string();
        assert_eq!(told.lines().count(), 1, "{told}");
        told
    }

    #[test]
    fn every_defect_has_its_line_and_column_in_one_line_of_words() {
        assert_eq!(told(""), "line 1, column 1: missing field `name`");
        let unknown = told("name = \"a\"\nnaem = \"b\"\n");
        assert!(unknown.starts_with("line 2, column 1: unknown field `naem`, expected"), "{unknown}");
        let kind = told("# é\nname = 7\n");
        assert!(kind.starts_with("line 2, column 8, at name: invalid type: integer"), "{kind}");
        assert!(told("name = \"a\"\nna").starts_with("line 2, column 3: "), "{}", told("name = \"a\"\nna"));
    }
}
