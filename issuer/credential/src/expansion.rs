//! From JSON-LD to RDF statements with the `json-ld` crate, in safe mode.
//!
//! Three nets, since the crate's strict policy leaves gaps: the document is walked before expansion (contexts,
//! nulls, keywords), warnings are errors, and the expanded form is walked for everything that turning it into RDF
//! would drop (relative addresses, odd language tags, base directions).

use json_ld::expansion::{Action, Error as ExpansionError, Options, Policy, Warning};
use json_ld::iref::IriBuf;
use json_ld::rdf_types::generator::Blank;
use json_ld::rdf_types::vocabulary::no_vocabulary_mut;
use json_ld::rdf_types::{self, BlankIdBuf, LiteralType};
use json_ld::syntax::Value as LdValue;
use json_ld::{Expand, ExpandedDocument, Id, Node, Object, RdfQuads, ValidId, warning};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, Quad, Subject, Term};
use serde_json::Value;

use crate::active_context::{ActiveContext, Prepared, block_on, prepare};
use crate::canonical::{CanonError, QUADS_MAX};
use crate::contexts::is_bundled;
use crate::json::{JSON_DEPTH_MAX, JSON_INTEGER_MAX};

/// Most contexts of one object: a credential names two to five.
const CONTEXTS_MAX: usize = 16;

/// Stack for one level of nesting. The processor's futures take up to 135 kB a level in a build without
/// optimisation, more than the 2 MB of a thread allow for a transcript; pages that are not touched cost nothing.
const STACK_BYTES_A_LEVEL: usize = 192 * 1024;

/// Levels beyond the document's own: the contexts, scoped contexts inside them, and whoever calls.
const STACK_LEVELS_EXTRA: usize = 12;

/// Keywords that survive into RDF. `@index`, `@nest`, `@reverse`, `@included`, `@base`, `@vocab` and the like drop
/// or move information, and no credential format uses them.
const KEYWORDS: [&str; 8] = ["@context", "@id", "@type", "@value", "@language", "@list", "@set", "@graph"];

/// The RDF statements of a document.
pub(crate) fn expand_to_quads(document: &Value) -> Result<Vec<Quad>, CanonError> {
    let object = document.as_object().ok_or(CanonError::NotAnObject)?;
    let depth = depth_of(document, JSON_DEPTH_MAX)?;
    let contexts = context_urls(object.get("@context").ok_or(CanonError::NoContext)?, "/@context")?;
    let mut body = json_ld::syntax::Object::new();
    for (key, value) in object.iter().filter(|(key, _)| *key != "@context") {
        body.push(key.as_str().into(), audited(value, key, "")?);
    }
    let stack_bytes = (depth + STACK_LEVELS_EXTRA) * STACK_BYTES_A_LEVEL;
    stacker::grow(stack_bytes, || {
        let prepared = prepare(&contexts, document)?;
        let mut expanded = expand(LdValue::Object(body), &prepared)?;
        for item in expanded.iter() {
            audit_expanded(item.inner())?;
        }
        let mut blank_ids = Blank::new();
        expanded.relabel_and_canonicalize(&mut blank_ids);
        collect_quads(&expanded, &mut blank_ids)
    })
}

/// How deeply arrays and objects are nested.
fn depth_of(value: &Value, allowed: usize) -> Result<usize, CanonError> {
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return Ok(0),
    };
    let allowed = allowed.checked_sub(1).ok_or(CanonError::TooDeep { max: JSON_DEPTH_MAX })?;
    inner.into_iter().try_fold(1, |deepest, value| Ok(deepest.max(depth_of(value, allowed)? + 1)))
}

fn expand(document: LdValue, prepared: &Prepared) -> Result<ExpandedDocument, CanonError> {
    let policy = Policy { invalid: Action::Reject, vocab: Action::Reject, allow_undefined: false };
    let options = Options { policy, ..Options::default() };
    let mut warnings = Warnings::default();
    let expanded = block_on(document.expand_full(
        no_vocabulary_mut(),
        ActiveContext::clone(&prepared.active),
        None,
        &prepared.bundle,
        options,
        &mut warnings,
    ))
    .map_err(refusal)?;
    warnings.0.map_or(Ok(expanded), Err)
}

fn refusal(error: ExpansionError) -> CanonError {
    match error {
        ExpansionError::KeyExpansionFailed(term) => CanonError::UndefinedTerm { term },
        ExpansionError::InvalidTypeValue => CanonError::UndefinedType,
        other => CanonError::NotJsonLd { reason: other.to_string() },
    }
}

/// Turns JSON into the processor's JSON, refusing on the way what expansion would drop.
fn audited(value: &Value, key: &str, parent: &str) -> Result<LdValue, CanonError> {
    let pointer = || format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"));
    Ok(match value {
        Value::Null => return Err(CanonError::NullValue { pointer: pointer() }),
        Value::Bool(flag) => LdValue::Boolean(*flag),
        Value::Number(number) => LdValue::Number(json_ld_number(number)?),
        Value::String(text) => LdValue::String(text.as_str().into()),
        Value::Array(items) => {
            let pointer = pointer();
            let items = items.iter().enumerate().map(|(i, item)| audited(item, &i.to_string(), &pointer));
            LdValue::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let pointer = pointer();
            let mut object = json_ld::syntax::Object::new();
            for (key, value) in members {
                let value = audited_member(key, value, &pointer)?;
                object.push(key.as_str().into(), value);
            }
            LdValue::Object(object)
        }
    })
}

fn audited_member(key: &str, value: &Value, pointer: &str) -> Result<LdValue, CanonError> {
    if key == "@context" {
        let urls = context_urls(value, &format!("{pointer}/@context"))?;
        return Ok(LdValue::Array(urls.iter().map(|url| LdValue::String(url.as_str().into())).collect()));
    }
    if key.starts_with('@') && !KEYWORDS.contains(&key) {
        let direction = CanonError::Direction;
        let keyword = CanonError::Keyword { pointer: pointer.to_owned(), keyword: key.to_owned() };
        return Err(if key == "@direction" { direction } else { keyword });
    }
    audited(value, key, pointer)
}

/// JSON-LD treats 42.0 as the integer 42; the processor goes by the spelling, so the spelling is made plain.
fn json_ld_number(number: &serde_json::Number) -> Result<json_ld::syntax::NumberBuf, CanonError> {
    let text = match number.as_f64() {
        Some(double) if double.fract() == 0.0 && double.abs() <= JSON_INTEGER_MAX as f64 => {
            (double as i64).to_string()
        }
        _ => number.to_string(),
    };
    text.parse().map_err(|_| CanonError::Number)
}

fn context_urls(context: &Value, pointer: &str) -> Result<Vec<String>, CanonError> {
    let entries = match context {
        Value::Array(entries) => entries.as_slice(),
        single => core::slice::from_ref(single),
    };
    if entries.len() > CONTEXTS_MAX {
        return Err(CanonError::TooManyContexts { pointer: pointer.to_owned(), max: CONTEXTS_MAX });
    }
    let url = |entry: &Value| match entry {
        Value::String(url) if is_bundled(url) => Ok(url.clone()),
        Value::String(url) => Err(CanonError::UnknownContext {
            pointer: pointer.to_owned(),
            url: url.chars().take(200).collect(),
        }),
        _ => Err(CanonError::InlineContext { pointer: pointer.to_owned() }),
    };
    entries.iter().map(url).collect()
}

/// What RDF would drop: anything that is no absolute address, and texts it has no form for.
fn audit_expanded(item: &Object) -> Result<(), CanonError> {
    match item {
        Object::Node(node) => audit_node(node),
        Object::List(list) => list.iter().try_for_each(|item| audit_expanded(item.inner())),
        Object::Value(json_ld::Value::LangString(text)) => match (text.language(), text.direction()) {
            (_, Some(_)) => Err(CanonError::Direction),
            (Some(tag), None) if tag.as_well_formed().is_none() => {
                Err(CanonError::LanguageTag { tag: tag.to_string() })
            }
            _ => Ok(()),
        },
        Object::Value(_) => Ok(()),
    }
}

fn audit_node(node: &Node) -> Result<(), CanonError> {
    node.id.iter().chain(node.types()).try_for_each(audit_id)?;
    for (property, objects) in node.properties().iter() {
        audit_id(property)?;
        objects.iter().try_for_each(|item| audit_expanded(item.inner()))?;
    }
    for item in node.graph.iter().flatten() {
        audit_expanded(item.inner())?;
    }
    let moved = node.reverse_properties.is_some() || node.included.is_some();
    if moved { Err(CanonError::NotJsonLd { reason: "reverse or included nodes".to_owned() }) } else { Ok(()) }
}

fn audit_id(id: &Id) -> Result<(), CanonError> {
    match id {
        Id::Valid(_) => Ok(()),
        Id::Invalid(text) => Err(CanonError::RelativeIri { text: text.chars().take(200).collect() }),
    }
}

fn collect_quads(expanded: &ExpandedDocument, blank_ids: &mut Blank) -> Result<Vec<Quad>, CanonError> {
    let mut quads = Vec::new();
    for quad in expanded.rdf_quads(blank_ids, None).cloned() {
        if quads.len() == QUADS_MAX {
            return Err(CanonError::TooManyQuads { max: QUADS_MAX });
        }
        quads.push(oxrdf_quad(quad)?);
    }
    if quads.is_empty() { Err(CanonError::Empty) } else { Ok(quads) }
}

type LdQuad = rdf_types::Quad<ValidId, ValidId, rdf_types::Object<ValidId, rdf_types::Literal>, ValidId>;

fn oxrdf_quad(rdf_types::Quad(subject, predicate, object, graph): LdQuad) -> Result<Quad, CanonError> {
    let subject = match subject {
        ValidId::Iri(iri) => Subject::from(named(iri)),
        ValidId::Blank(blank) => Subject::from(blank_node(&blank)),
    };
    let ValidId::Iri(predicate) = predicate else {
        return Err(CanonError::NotJsonLd { reason: "a blank node as property".to_owned() });
    };
    let object = match object {
        rdf_types::Object::Id(ValidId::Iri(iri)) => Term::from(named(iri)),
        rdf_types::Object::Id(ValidId::Blank(blank)) => Term::from(blank_node(&blank)),
        rdf_types::Object::Literal(literal) => Term::from(oxrdf_literal(literal)),
    };
    let graph = match graph {
        None => GraphName::DefaultGraph,
        Some(ValidId::Iri(iri)) => GraphName::from(named(iri)),
        Some(ValidId::Blank(blank)) => GraphName::from(blank_node(&blank)),
    };
    Ok(Quad::new(subject, named(predicate), object, graph))
}

/// The processor has checked the address already.
fn named(iri: IriBuf) -> NamedNode {
    NamedNode::new_unchecked(iri.into_string())
}

fn blank_node(blank: &BlankIdBuf) -> BlankNode {
    BlankNode::new_unchecked(blank.suffix())
}

fn oxrdf_literal(literal: rdf_types::Literal) -> Literal {
    match literal.type_ {
        LiteralType::Any(datatype) => Literal::new_typed_literal(literal.value, named(datatype)),
        LiteralType::LangString(tag) => {
            Literal::new_language_tagged_literal_unchecked(literal.value, tag.to_string())
        }
    }
}

/// The first warning, as the error it is in safe mode.
#[derive(Default)]
struct Warnings(Option<CanonError>);

impl<N> warning::Handler<N, Warning<BlankIdBuf>> for Warnings {
    fn handle(&mut self, _vocabulary: &N, warning: Warning<BlankIdBuf>) {
        let error = match warning {
            // Said of every term that is tried before the context of its type applies. The policy and
            // [`audit_expanded`] refuse what is still no address in the end.
            Warning::MalformedIri(_) => return,
            Warning::EmptyTerm => CanonError::UndefinedTerm { term: String::new() },
            Warning::BlankNodeIdProperty(blank) => CanonError::UndefinedTerm { term: blank.to_string() },
            Warning::MalformedLanguageTag(tag, _) => CanonError::LanguageTag { tag },
        };
        self.0.get_or_insert(error);
    }
}
