//! What a credential may say: members, closed lists, links.
//!
//! Every problem is found, not only the first. Signatures, terms of contexts and validity at a date are checked
//! elsewhere. Credentials of types that this crate does not know get [`ContentCode::TypeUnknown`].
//!
//! SPEC: VCDM 2.0 §4, Open Badges 3.0 §B (data models), CLR 2.0 §B.

mod achievement;
mod envelope;
mod lists;
mod transcript;

use serde_json::Value;

pub use lists::{ACHIEVEMENT_TYPES, ASSOCIATION_TYPES, IDENTITY_TYPES, RESULT_TYPES};

/// Most problems reported of one credential: a person reads the first few.
pub const PROBLEMS_MAX: usize = 100;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)+) => {
        /// What is wrong, with a stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ContentCode {
            $($(#[$doc])* $variant,)+
        }

        impl ContentCode {
            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

codes! {
    /// The credential is no JSON object.
    NotAnObject = "not_an_object";
    /// The first context is not that of the Verifiable Credentials standard.
    ContextMissing = "context_missing";
    /// `VerifiableCredential` is not among the types.
    NotACredential = "not_a_credential";
    /// None of the types is known.
    TypeUnknown = "type_unknown";
    /// An id is no absolute address.
    IdMalformed = "id_malformed";
    /// There is no issuer.
    IssuerMissing = "issuer_missing";
    /// The issuer has no id, or an Open Badges issuer is no Profile.
    IssuerMalformed = "issuer_malformed";
    /// There is no date from which the credential holds.
    ValidFromMissing = "valid_from_missing";
    /// A date cannot be read.
    DateMalformed = "date_malformed";
    /// The credential ends before it begins.
    ValidityReversed = "validity_reversed";
    /// There is no subject, or an empty one.
    SubjectMissing = "subject_missing";
    /// There are several subjects where one is allowed.
    SubjectNotOne = "subject_not_one";
    /// The subject is not of the type that the credential needs.
    SubjectTypeWrong = "subject_type_wrong";
    /// The subject has neither id nor identifier.
    SubjectUnidentified = "subject_unidentified";
    /// A needed member is absent or of the wrong form.
    MemberMissing = "member_missing";
    /// A status, schema, evidence, terms of use or refresh service has no type.
    TypedMemberMalformed = "typed_member_malformed";
    /// The subject of an Open Badge has no achievement.
    AchievementMissing = "achievement_missing";
    /// An `achievementType` that is not on the list and not an extension.
    AchievementTypeUnknown = "achievement_type_unknown";
    /// A result is not of type `Result`.
    ResultMalformed = "result_malformed";
    /// A `resultType` that is not on the list.
    ResultTypeUnknown = "result_type_unknown";
    /// A result status that is not on the list.
    ResultStatusUnknown = "result_status_unknown";
    /// A result points to a description that is not there.
    ResultDescriptionDangling = "result_description_dangling";
    /// A result or description points to a level that is not there.
    LevelDangling = "level_dangling";
    /// An `associationType` that is not on the list.
    AssociationTypeUnknown = "association_type_unknown";
    /// An association points to an achievement that is not there.
    AssociationDangling = "association_dangling";
    /// An `identityType` that is not on the list and not an extension.
    IdentityTypeUnknown = "identity_type_unknown";
    /// An identity hashed with MD5, or a hash that does not look like one.
    IdentityHashRefused = "identity_hash_refused";
    /// A transcript holds no credential.
    NestedMissing = "nested_missing";
    /// A credential in a transcript has no proof.
    NestedUnsigned = "nested_unsigned";
    /// Parts of a transcript are about different learners.
    SubjectsDiffer = "subjects_differ";
    /// A term about health, religion, ethnicity or discipline: not in shareable credentials.
    SensitiveTerm = "sensitive_term";
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentProblem {
    /// What is wrong.
    pub code: ContentCode,
    /// Where, as JSON pointer.
    pub pointer: String,
}

/// Checks a credential; an empty list is a pass.
pub fn check(credential: &Value) -> Vec<ContentProblem> {
    let mut problems = Problems::default();
    let root = Place::root(credential);
    envelope::check(&root, &mut problems);
    if has_type(credential, "ClrCredential") {
        transcript::check(&root, &mut problems);
    } else if has_type(credential, "AchievementCredential") || has_type(credential, "OpenBadgeCredential") {
        achievement::check_credential(&root, &mut problems);
    }
    lists::refuse_sensitive_terms(&root, &mut problems);
    problems.0
}

/// Whether `type` of an object holds a type, be it one text or a list.
pub fn has_type(object: &Value, wanted: &str) -> bool {
    match object.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|each| each.as_str() == Some(wanted)),
        _ => false,
    }
}

/// The issuer's id, be `issuer` a text or an object.
pub fn issuer_id(credential: &Value) -> Option<&str> {
    match credential.get("issuer")? {
        Value::String(id) => Some(id),
        object => object.get("id")?.as_str(),
    }
}

#[derive(Default)]
struct Problems(Vec<ContentProblem>);

impl Problems {
    fn report(&mut self, code: ContentCode, pointer: String) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(ContentProblem { code, pointer });
        }
    }

    fn require(&mut self, good: bool, code: ContentCode, pointer: String) {
        if !good {
            self.report(code, pointer);
        }
    }
}

/// A value and where it stands.
struct Place<'d> {
    value: &'d Value,
    pointer: String,
}

impl<'d> Place<'d> {
    fn root(value: &'d Value) -> Self {
        Self { value, pointer: String::new() }
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    fn child(&self, name: &str) -> Option<Self> {
        self.value.get(name).map(|value| Self { value, pointer: self.at(name) })
    }

    /// The members of a list, or a single value as a list of one; nothing when absent.
    fn items(&self, name: &str) -> Vec<Self> {
        match self.child(name) {
            None => Vec::new(),
            Some(Place { value: Value::Array(items), pointer }) => {
                let place = |(i, value)| Place { value, pointer: format!("{pointer}/{i}") };
                items.iter().enumerate().map(place).collect()
            }
            Some(single) => vec![single],
        }
    }

    fn text(&self, name: &str) -> Option<&'d str> {
        self.value.get(name).and_then(Value::as_str)
    }

    fn is(&self, wanted: &str) -> bool {
        has_type(self.value, wanted)
    }
}
