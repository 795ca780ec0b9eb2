//! The page with the form.

use maud::{Markup, html};

use crate::error::ApiError;
use crate::page::frame::frame;
use crate::page::icon::{Icon, icon};

/// The form; above it, where the last try could not be judged, what went wrong and what to do.
pub(crate) fn page(error: Option<&ApiError>) -> Markup {
    let title = if error.is_some() { "Not checked" } else { "Verify a school record" };
    let content = html! {
        h1 { "Verify a school record" }
        @if let Some(error) = error { (alert(error)) }
        p.lead {
            "Choose the file that you were given: a record, a credential or a presentation. \
             You will read who signed it, whether they were allowed to, and whether it still counts."
        }
        form #form method="post" enctype="multipart/form-data" {
            div #drop .drop {
                (icon(Icon::File))
                label for="document" { "The file" }
                input #document type="file" name="document" required
                    accept=".json,.jsonld,.jwt,application/json,application/ld+json" aria-describedby="document-hint";
                p #document-hint .hint { "It ends in .json or .jwt and has at most 4 MB." }
                p .hint.drop-hint { "You can also drop the file anywhere on this page." }
            }
            details {
                summary { "More about the question" }
                (field("as_of", "Check as of this day", "date", "Leave it empty for today."))
                (field("challenge", "Challenge", "text",
                    "Only where you asked the holder to answer a challenge: the text you gave."))
                (field("domain", "Domain", "text",
                    "Only where you asked for a presentation: the name you asked under."))
            }
            button type="submit" { "Verify" }
        }
    };
    frame(title, &content)
}

fn field(name: &str, label: &str, kind: &str, hint: &str) -> Markup {
    let hint_id = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) autocomplete="off" maxlength="500" aria-describedby=(hint_id);
            p.hint id=(hint_id) { (hint) }
        }
    }
}

fn alert(error: &ApiError) -> Markup {
    html! {
        div.alert role="alert" {
            (icon(Icon::Cross))
            div {
                p { strong { "This was not checked." } }
                p { (advice(error)) }
                p.code { "Code: " code { (error.code()) } }
            }
        }
    }
}

/// What went wrong, for the person in front of the page.
fn advice(error: &ApiError) -> &'static str {
    match error {
        ApiError::FileMissing => {
            "No file was chosen, or the file is empty. Choose a file, then press Verify."
        }
        ApiError::BodyTooLarge { .. } => {
            "The file is too large to be a record. Ask for the record as a .json file."
        }
        ApiError::BodyTooSlow { .. } | ApiError::BodyIncomplete => {
            "The file did not arrive. The line may be bad: try once more."
        }
        ApiError::DateMalformed => "The day could not be read. Write it as 2026-11-22, or leave it empty.",
        ApiError::SeveralFiles => "Choose one file at a time.",
        ApiError::Busy | ApiError::CheckTooSlow { .. } => {
            "The service has much to do at the moment. Try again in a minute."
        }
        _ => "The service could not read what was sent. Choose the file again, then press Verify.",
    }
}
