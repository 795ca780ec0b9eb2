//! The words and signs of a verdict, the same on the page and in the terminal.

use matricula_verdict::{AxisResult, Overall, Verdict};

/// The verdict in a word or three.
pub const fn overall_word(overall: Overall) -> &'static str {
    match overall {
        Overall::Verified => "Verified",
        Overall::VerifiedWithWarnings => "Verified, with warnings",
        Overall::UnknownIssuer => "Unknown issuer",
        Overall::CouldNotCheck => "Could not be checked",
        Overall::Refused => "Refused",
    }
}

/// What the verdict means for the person who asked.
pub const fn overall_meaning(overall: Overall) -> &'static str {
    match overall {
        Overall::Verified => "Every check that applies is good.",
        Overall::VerifiedWithWarnings => "The record is good. Read the remarks below before you rely on it.",
        Overall::UnknownIssuer => {
            "The record is signed, but no authority you trust vouches for the one who signed it. \
             A signature alone says nothing about who signed: do not rely on this record."
        }
        Overall::CouldNotCheck => {
            "Something that decides could not be checked. This says nothing against the record: \
             get newer trust data, or try again later."
        }
        Overall::Refused => "At least one check failed. Do not rely on this record.",
    }
}

/// The sign that stands for the verdict in a terminal; each has a shape of its own.
pub const fn overall_sign(overall: Overall) -> char {
    match overall {
        Overall::Verified => '✔',
        Overall::VerifiedWithWarnings => '!',
        Overall::UnknownIssuer | Overall::CouldNotCheck => '?',
        Overall::Refused => '✘',
    }
}

/// The answer of one axis in a word or two.
pub const fn result_word(result: AxisResult) -> &'static str {
    match result {
        AxisResult::Pass => "good",
        AxisResult::Warn => "warning",
        AxisResult::Fail => "failed",
        AxisResult::Unknown => "not checked",
        AxisResult::NotApplicable => "does not apply",
    }
}

/// The stable name of an answer, as it stands in JSON and CSV.
pub const fn result_name(result: AxisResult) -> &'static str {
    match result {
        AxisResult::Pass => "pass",
        AxisResult::Warn => "warn",
        AxisResult::Fail => "fail",
        AxisResult::Unknown => "unknown",
        AxisResult::NotApplicable => "not_applicable",
    }
}

/// The sign of one axis in a terminal.
pub const fn result_sign(result: AxisResult) -> char {
    match result {
        AxisResult::Pass => '✔',
        AxisResult::Warn => '!',
        AxisResult::Fail => '✘',
        AxisResult::Unknown => '?',
        AxisResult::NotApplicable => '–',
    }
}

/// A number and what it counts.
pub fn counted(count: usize, one: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {one}{end}")
}

/// The questions of the axes, in the order of `Axes::named`.
pub const AXIS_QUESTIONS: [&str; 6] = [
    "Was it signed, and not changed since?",
    "Was the issuer accredited for it on that date?",
    "Was it in the log, and did independent nodes see the same log?",
    "Has it been revoked, suspended or replaced?",
    "Is the one who shows it the one it was given to?",
    "Does it say what such a record must say?",
];

/// The kind of a record as people say it.
pub fn kind_word(kind: &str) -> &str {
    match kind {
        "diploma" => "Diploma",
        "transcript" => "Transcript",
        "transfer" => "Transfer certificate",
        "primary_completion" => "Primary completion certificate",
        other => other,
    }
}

/// Whether what the record says of itself is confirmed by the verdict.
pub const fn is_confirmed(overall: Overall) -> bool {
    matches!(overall, Overall::Verified | Overall::VerifiedWithWarnings)
}

/// The authority that accredited the issuer, only where the verdict says that it did: the name beside a forged record
/// would lend it weight.
pub fn accrediting_authority(verdict: &Verdict) -> Option<&String> {
    let is_accredited = matches!(verdict.axes.authority.result, AxisResult::Pass | AxisResult::Warn);
    verdict.credential.authority.as_ref().filter(|_| is_accredited)
}

/// Text from a foreign document made safe to show: control characters could steer a terminal, and direction overrides
/// could make a name read as another; both become the replacement character. At most `chars_max` characters.
pub fn harmless(text: &str, chars_max: usize) -> String {
    let mut shown: String =
        text.chars().take(chars_max).map(|c| if is_harmful(c) { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn escape_sequences_and_direction_overrides_are_replaced() {
        assert_eq!(harmless("\u{1b}[2Jname\n", 80), "\u{FFFD}[2Jname\u{FFFD}");
        assert_eq!(harmless("abc\u{202E}fdp", 80), "abc\u{FFFD}fdp");
    }

    #[test]
    fn names_of_every_script_stay_as_they_are() {
        for name in ["María José Núñez-O’Hara", "محمد الأمين", "Ñandú", "北京"] {
            assert_eq!(harmless(name, 80), name);
        }
    }

    #[test]
    fn long_text_is_cut_with_a_sign() {
        assert_eq!(harmless("abcdef", 3), "abc…");
        assert_eq!(harmless("abc", 3), "abc");
    }
}
