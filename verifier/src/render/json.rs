//! Verdicts for programs.

use matricula_verdict::Verdict;
use serde::Serialize;

use crate::check::{Checked, Outcome};

/// One line of a report on several documents: the verdict with the file it is about, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Judged {
        file: &'a str,
        #[serde(flatten)]
        verdict: &'a Verdict,
    },
    Unreadable {
        file: &'a str,
        error: ReadProblem,
    },
}

#[derive(Serialize)]
struct ReadProblem {
    code: &'static str,
    detail: String,
}

/// Pretty JSON with a newline at its end. One document with one credential gives one object, one document with several
/// an array; of several documents it is an array whose objects have a further member `file`.
pub fn json(checked: &[Checked]) -> Result<String, serde_json::Error> {
    let mut text = match checked {
        [Checked { outcome: Outcome::Judged(verdicts), .. }] => verdicts_json(verdicts)?,
        _ => serde_json::to_string_pretty(&checked.iter().flat_map(lines).collect::<Vec<_>>())?,
    };
    text.push('\n');
    Ok(text)
}

/// The verdicts on one document: one object a credential, an array for several.
pub(crate) fn verdicts_json(verdicts: &[Verdict]) -> Result<String, serde_json::Error> {
    match verdicts {
        [verdict] => serde_json::to_string_pretty(verdict),
        several => serde_json::to_string_pretty(several),
    }
}

fn lines(checked: &Checked) -> Vec<Line<'_>> {
    let file = &checked.name;
    match &checked.outcome {
        Outcome::Judged(verdicts) => verdicts.iter().map(|verdict| Line::Judged { file, verdict }).collect(),
        Outcome::Unreadable(error) => {
            let error = ReadProblem { code: error.code(), detail: error.to_string() };
            vec![Line::Unreadable { file, error }]
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::check::{Checked, Outcome};
    use crate::input::InputError;
    use crate::sample;

    fn parsed(checked: &[Checked]) -> Value {
        serde_json::from_str(&super::json(checked).unwrap()).unwrap()
    }

    #[test]
    fn one_credential_is_one_object_and_nothing_more() {
        let value = parsed(&[sample::judged("a.json", sample::refused())]);
        let members: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(members, ["as_of", "axes", "credential", "overall"]);
        assert_eq!(value["overall"], "refused");
        assert_eq!(
            value["axes"]["status"],
            json!({"result": "fail", "codes": ["revoked"], "text": "Revoked on 2026-11-21: issued in error."})
        );
    }

    #[test]
    fn several_credentials_of_one_document_are_an_array() {
        let outcome = Outcome::Judged(vec![sample::verified(), sample::refused()]);
        let value = parsed(&[Checked { name: "a.json".to_owned(), outcome }]);
        assert_eq!(value.as_array().unwrap().len(), 2);
        assert_eq!(value[0]["file"], Value::Null);
    }

    #[test]
    fn of_several_documents_each_verdict_names_its_file() {
        let unread = Checked {
            name: "b.json".to_owned(),
            outcome: Outcome::Unreadable(InputError::TooLarge { name: "b.json".to_owned() }),
        };
        let value = parsed(&[sample::judged("a.json", sample::verified()), unread]);
        assert_eq!((&value[0]["file"], &value[0]["overall"]), (&json!("a.json"), &json!("verified")));
        assert_eq!(
            (&value[1]["file"], &value[1]["error"]["code"]),
            (&json!("b.json"), &json!("file_too_large"))
        );
    }
}
