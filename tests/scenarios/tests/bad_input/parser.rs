//! One parser with a good sample, and what each class of bad input must come to.

use std::fs;

use crate::mutation;

/// Most memory the whole run may ever have held. The largest input is 17 MB, the bombs would unpack to a gigabyte.
const PEAK_KIB_MAX: u64 = 600 * 1024;

/// Longest reason that is given for a refusal: it may quote the input, never repeat it.
const REASON_BYTES_MAX: usize = 2_000;

/// What a parser made of its input.
#[derive(Debug)]
pub enum Outcome {
    /// Refused: the code, or the reason where the parser leaves codes to its caller.
    Refused(String),
    /// Taken, for this.
    Taken(Vec<u8>),
}

/// An [`Outcome`] from a result; the meaning of what was taken is written by `meaning`.
pub fn outcome<T, E: std::fmt::Display>(result: Result<T, E>, meaning: impl FnOnce(T) -> Vec<u8>) -> Outcome {
    match result {
        Ok(taken) => Outcome::Taken(meaning(taken)),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

/// How a sample is written, which decides what a doubled key and another encoding look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Toml,
    Csv,
    /// Lines and tokens, in UTF-8.
    Text,
    /// CBOR, frames and hashes: any byte may stand anywhere.
    Binary,
}

/// What may become of a sample that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Signed: only what was signed is ever taken, whatever is changed, even where a part that is not signed is missing.
    Signed,
    /// Has an end of its own: cut short, it is refused.
    Whole,
    /// A list of lines, frames or characters, of which a part may be right as well.
    Loose,
}

/// Bytes in, what was made of them out.
pub type Read = Box<dyn Fn(&[u8]) -> Outcome>;

/// A parser of foreign bytes.
pub struct Parser {
    pub name: &'static str,
    pub form: Form,
    pub promise: Promise,
    pub sample: Vec<u8>,
    /// Cuts and flips that are tried, spread over the sample; fewer where one costs milliseconds.
    pub tries: usize,
    /// Whether it takes documents of any kind, so that samples of the others are no bad input to it.
    pub takes_any_kind: bool,
    /// Inputs that unpack to a gigabyte.
    pub bombs: Vec<Vec<u8>>,
    pub read: Read,
}

impl Parser {
    pub fn new(
        name: &'static str,
        form: Form,
        promise: Promise,
        sample: impl Into<Vec<u8>>,
        read: impl Fn(&[u8]) -> Outcome + 'static,
    ) -> Self {
        let (sample, read) = (sample.into(), Box::new(read));
        Self { name, form, promise, sample, tries: 2_000, takes_any_kind: false, bombs: Vec::new(), read }
    }

    pub fn tries(self, tries: usize) -> Self {
        Self { tries, ..self }
    }

    pub fn takes_any_kind(self) -> Self {
        Self { takes_any_kind: true, ..self }
    }

    pub fn bombs(self, bombs: Vec<Vec<u8>>) -> Self {
        Self { bombs, ..self }
    }

    /// Tries every class; `others` are good samples of other kinds.
    pub fn survives_every_class(&self, others: &[&[u8]]) {
        let meaning = match (self.read)(&self.sample) {
            Outcome::Taken(meaning) => meaning,
            Outcome::Refused(reason) => panic!("{}: the good sample is refused: {reason}", self.name),
        };
        let strict = self.promise != Promise::Loose;
        for input in mutation::junk().iter().map(Vec::as_slice).chain(others.iter().copied()) {
            self.expect("malformed", input, strict);
        }
        for input in mutation::cuts(&self.sample, self.tries) {
            self.expect("truncated", &input, self.promise == Promise::Whole);
            self.expect_nothing_else("truncated", &input, &meaning);
        }
        for input in mutation::flips(&self.sample, self.tries) {
            self.expect_nothing_else("flipped", &input, &meaning);
        }
        for input in mutation::nested(self.form, &self.sample) {
            self.expect("nested", &input, strict || self.form == Form::Json);
        }
        for input in mutation::wordy(self.form, &self.sample) {
            self.expect("wordy", &input, false);
        }
        for input in mutation::doubled(self.form, &self.sample) {
            self.expect("doubled", &input, true);
        }
        for input in mutation::not_utf8(&self.sample, self.tries / 10) {
            self.expect("not UTF-8", &input, self.form != Form::Binary);
        }
        let packed = mutation::gzip(&self.sample);
        for input in self.bombs.iter().chain([&packed]) {
            self.expect("packed", input, strict || self.form != Form::Binary);
        }
        self.expect("oversized", &mutation::oversized(&self.sample), strict);
        assert_peak(self.name);
    }

    fn expect(&self, class: &str, input: &[u8], refused: bool) {
        let taken = self.answer(input);
        assert!(!refused || taken.is_none(), "{} takes what is {class}: {}", self.name, shown(input));
    }

    /// What was signed stays what it is, or is refused.
    fn expect_nothing_else(&self, class: &str, input: &[u8], meaning: &[u8]) {
        if let Some(taken) = self.answer(input)
            && self.promise == Promise::Signed
        {
            assert!(taken == meaning, "{} takes for another what is {class}: {}", self.name, shown(input));
        }
    }

    /// What was taken; every refusal has a reason of bounded length.
    fn answer(&self, input: &[u8]) -> Option<Vec<u8>> {
        match (self.read)(input) {
            Outcome::Taken(meaning) => Some(meaning),
            Outcome::Refused(reason) => {
                let bounded = !reason.is_empty() && reason.len() <= REASON_BYTES_MAX;
                assert!(
                    bounded,
                    "{}: {} bytes of reason: {}",
                    self.name,
                    reason.len(),
                    shown(reason.as_bytes())
                );
                None
            }
        }
    }
}

/// Tries every parser of a list, each with the samples of all others.
pub fn try_all(parsers: &[Parser]) {
    for parser in parsers {
        let others: Vec<&[u8]> = parsers
            .iter()
            .filter(|other| !parser.takes_any_kind && other.sample != parser.sample)
            .map(|other| other.sample.as_slice())
            .collect();
        parser.survives_every_class(&others);
    }
}

/// The most memory this process ever held; the system counts it on Linux.
fn assert_peak(name: &str) {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    let peak_kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kib < PEAK_KIB_MAX, "{name}: {peak_kib} KiB were held");
}

fn shown(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    text.chars().take(3_000).collect()
}

#[test]
fn a_parser_that_breaks_its_promise_is_noticed() {
    let parser = |promise, read: fn(&[u8]) -> Outcome| {
        Parser::new("broken", Form::Json, promise, *b"{\"a\": \"b\"}", read)
    };
    let lenient = |bytes: &[u8]| {
        outcome(serde_json::from_slice(bytes), |value: serde_json::Value| value.to_string().into())
    };
    let wordy = |bytes: &[u8]| match bytes {
        b"{\"a\": \"b\"}" => Outcome::Taken(Vec::new()),
        other => Outcome::Refused(format!("{other:?}")),
    };
    let anything = |_: &[u8]| Outcome::Taken(Vec::new());
    for (promise, read) in [
        (Promise::Loose, lenient as fn(&[u8]) -> Outcome),
        (Promise::Signed, lenient),
        (Promise::Whole, wordy),
        (Promise::Whole, anything),
    ] {
        let broken = parser(promise, read);
        let noticed =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| broken.survives_every_class(&[])));
        assert!(noticed.is_err(), "{promise:?}");
    }
}
