//! The bundled contexts in processed form, cut down to the terms that a document uses.
//!
//! A processed context is copied for every typed object of a document, with all definitions and the contexts inside
//! them, though a diploma uses 40 of 900 terms: the copying was most of the work. A definition matters to a document
//! only if its term occurs there as key, type, value or prefix, or if another definition names it. So the others are
//! left out before processing. The whole contexts are processed as well, once for each list, and a list that
//! contradicts itself is refused whatever the document uses.

use core::future::Future;
use core::pin::pin;
use core::task::{Context as TaskContext, Poll, Waker};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use json_ld::iref::{Iri, IriBuf};
use json_ld::rdf_types::BlankIdBuf;
use json_ld::rdf_types::vocabulary::no_vocabulary_mut;
use json_ld::syntax::context::Context as LocalContext;
use json_ld::syntax::{Parse, TryFromJson, Value as LdValue};
use json_ld::{LoadError, Loader, Process, RemoteDocument};
use serde_json::{Map, Value};

use crate::canonical::CanonError;
use crate::contexts;

/// A processed context.
pub(crate) type ActiveContext = json_ld::Context<IriBuf, BlankIdBuf>;

/// Most combinations of contexts and terms kept. A school's day needs under ten; when foreign documents fill the
/// store, it is emptied.
const PREPARED_MAX: usize = 64;

/// What the expander needs: the context of the document, and a loader for those of nested credentials.
pub(crate) struct Prepared {
    /// The processed context, for the top of the document.
    pub active: ActiveContext,
    /// Loads bundled contexts, cut down to the same terms.
    pub bundle: Bundle,
}

/// By context list and used terms.
type Store = HashMap<(Vec<String>, UsedTerms), Arc<Prepared>>;

/// Prepares the contexts of a document.
///
/// # Errors
/// [`CanonError::NotJsonLd`] when the contexts contradict each other.
pub(crate) fn prepare(urls: &[String], document: &Value) -> Result<Arc<Prepared>, CanonError> {
    static STORE: LazyLock<Mutex<Store>> = LazyLock::new(Mutex::default);

    let used = UsedTerms::of(document);
    let key = (urls.to_vec(), used);
    if let Some(known) = STORE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(known));
    }
    check_whole(urls)?;
    let bundle = Bundle::cut_down(&key.1);
    let prepared = Arc::new(Prepared { active: process(urls, &bundle)?, bundle });
    let mut store = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    if store.len() >= PREPARED_MAX {
        store.clear();
    }
    store.insert(key, Arc::clone(&prepared));
    Ok(prepared)
}

/// Processes the whole contexts, so that a list that redefines protected terms is refused.
fn check_whole(urls: &[String]) -> Result<(), CanonError> {
    static WHOLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::of(|context| context.clone()));
    static CHECKED: LazyLock<Mutex<HashSet<Vec<String>>>> = LazyLock::new(Mutex::default);

    if CHECKED.lock().unwrap_or_else(PoisonError::into_inner).contains(urls) {
        return Ok(());
    }
    process(urls, &WHOLE)?;
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    if checked.len() < PREPARED_MAX {
        checked.insert(urls.to_vec());
    }
    Ok(())
}

fn process(urls: &[String], bundle: &Bundle) -> Result<ActiveContext, CanonError> {
    let list = LdValue::Array(urls.iter().map(|url| LdValue::String(url.as_str().into())).collect());
    let local = LocalContext::try_from_json(list)
        .map_err(|error| CanonError::NotJsonLd { reason: error.code().to_string() })?;
    block_on(local.process(no_vocabulary_mut(), bundle, None))
        .map(|processed| processed.into_processed())
        .map_err(|error| CanonError::NotJsonLd { reason: error.to_string() })
}

/// The bundled contexts as the processor's documents.
pub(crate) struct Bundle(HashMap<&'static str, RemoteDocument>);

impl Bundle {
    fn cut_down(used: &UsedTerms) -> Self {
        Self::of(|context| cut_down(context, used))
    }

    fn of(change: impl Fn(&Value) -> Value) -> Self {
        let mut documents = HashMap::new();
        for (urls, context) in &VOCABULARY.contexts {
            let changed = Value::Object(Map::from_iter([("@context".to_owned(), change(context))]));
            let (document, _) =
                LdValue::parse_str(&changed.to_string()).expect("invariant: it was just written");
            for url in *urls {
                let iri =
                    IriBuf::new((*url).to_owned()).expect("invariant: a test reads every bundled address");
                documents.insert(*url, RemoteDocument::new(Some(iri), None, document.clone()));
            }
        }
        Self(documents)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this context is not bundled")]
struct NotBundled;

impl Loader for Bundle {
    async fn load(&self, url: &Iri) -> Result<RemoteDocument<IriBuf>, LoadError> {
        self.0.get(url.as_str()).cloned().ok_or_else(|| LoadError::new(url.to_owned(), NotBundled))
    }
}

/// Leaves out the definitions that are not used, in a context and in the contexts inside it.
fn cut_down(context: &Value, used: &UsedTerms) -> Value {
    match context {
        Value::Array(several) => several.iter().map(|each| cut_down(each, used)).collect(),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(term, _)| term.starts_with('@') || used.holds(term));
            kept.map(|(term, definition)| (term.clone(), cut_down_definition(definition, used))).collect()
        }
        other => other.clone(),
    }
}

fn cut_down_definition(definition: &Value, used: &UsedTerms) -> Value {
    let mut definition = definition.clone();
    if let Some(scoped) = definition.get_mut("@context") {
        *scoped = cut_down(scoped, used);
    }
    definition
}

/// All terms of the bundled contexts, numbered, and those that definitions name.
struct Vocabulary {
    contexts: Vec<(&'static [&'static str], Value)>,
    numbers: HashMap<String, usize>,
    named_by_definitions: Vec<usize>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary =
        Vocabulary { contexts: Vec::new(), numbers: HashMap::new(), named_by_definitions: Vec::new() };
    let mut named = Vec::new();
    for bundled in contexts::all() {
        let document: Value =
            serde_json::from_str(bundled.text).expect("invariant: a test reads every bundled context");
        let context = document["@context"].clone();
        vocabulary.read(&context, &mut named);
        vocabulary.contexts.push((bundled.urls, context));
    }
    let numbers = &vocabulary.numbers;
    vocabulary.named_by_definitions =
        named.iter().flat_map(|text| terms_in(text)).filter_map(|term| numbers.get(term).copied()).collect();
    vocabulary
});

impl Vocabulary {
    /// Numbers the terms of a context and of those inside it, and notes every text that a definition refers to.
    fn read(&mut self, context: &Value, named: &mut Vec<String>) {
        match context {
            Value::Array(several) => several.iter().for_each(|each| self.read(each, named)),
            Value::Object(entries) => {
                for (term, definition) in entries.iter().filter(|(term, _)| !term.starts_with('@')) {
                    let next = self.numbers.len();
                    self.numbers.entry(term.clone()).or_insert(next);
                    self.read_definition(term, definition, named);
                }
            }
            _ => {}
        }
    }

    fn read_definition(&mut self, term: &str, definition: &Value, named: &mut Vec<String>) {
        match definition {
            // A plain definition is small, and often a prefix.
            Value::String(target) => named.extend([term.to_owned(), target.clone()]),
            Value::Object(members) => {
                for (member, value) in members {
                    match value {
                        Value::String(text) => named.push(text.clone()),
                        scoped if member == "@context" => self.read(scoped, named),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// A text as a term, and its prefix as one.
fn terms_in(text: &str) -> impl Iterator<Item = &str> {
    [Some(text), text.split_once(':').map(|(prefix, _)| prefix)].into_iter().flatten()
}

/// A set of terms of the bundled contexts, as bits.
#[derive(PartialEq, Eq, Hash)]
struct UsedTerms(Vec<u64>);

impl UsedTerms {
    fn of(document: &Value) -> Self {
        let mut used = Self(vec![0; VOCABULARY.numbers.len().div_ceil(64)]);
        for number in &VOCABULARY.named_by_definitions {
            used.0[number / 64] |= 1 << (number % 64);
        }
        used.add(document);
        used
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(members) => {
                for (key, value) in members {
                    self.add_text(key);
                    self.add(value);
                }
            }
            _ => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        for term in terms_in(text) {
            if let Some(number) = VOCABULARY.numbers.get(term) {
                self.0[number / 64] |= 1 << (number % 64);
            }
        }
    }

    fn holds(&self, term: &str) -> bool {
        VOCABULARY.numbers.get(term).is_some_and(|number| self.0[number / 64] & (1 << (number % 64)) != 0)
    }
}

/// Runs a future that never waits: [`Bundle`] answers at once, and nothing else could.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
    }
}
