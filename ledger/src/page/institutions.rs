//! The institutions of the registry, and the search in them.

use matricula_registry::InstitutionId;
use maud::{Markup, html};

use super::directory::{Row, Snapshot};
use super::frame::{Depth, PAGE_LINES, Page, Tab, frame, pager, table};
use super::icon::icon;
use super::problem::PageError;
use super::words::counted;

/// Those that a search finds, or all.
pub(super) fn page(snapshot: &Snapshot, wanted: &str, number: u32) -> Result<Markup, PageError> {
    let depth = Depth::List;
    let found = snapshot.search(wanted);
    let page = Page::of(number, found.len());
    let shown = found.get(page.start()..).unwrap_or_default();
    let query = if wanted.is_empty() { String::new() } else { format!("q={}&", encoded(wanted)) };
    let count = counted(found.len() as u64, "institution");
    let caption = match wanted {
        "" => format!("{count} in this log"),
        _ => format!("{count} of {} with “{wanted}”", snapshot.len()),
    };
    let rows = html! { @for institution in shown.iter().take(PAGE_LINES) { (row(depth, institution)) } };
    let content = html! {
        h1 { "Institutions" }
        (search_form(depth, wanted))
        @if found.is_empty() {
            p role="status" {
                @if wanted.is_empty() { "This log knows no institution yet." }
                @else { "No institution has all these words in its name, identifier or place. Try fewer, or a part of one." }
            }
        } @else {
            (table(&caption, &["Institution", "Place", "Today"], &rows))
            (pager("institutions", &query, page))
        }
    };
    Ok(frame(depth, Tab::Institutions, "Institutions", &content))
}

fn row(depth: Depth, institution: &Row) -> Markup {
    let standing = institution.standing;
    html! {
        tr {
            th scope="row" {
                a href=(address(depth, &institution.id)) { (institution.name) }
                br;
                code.small { (institution.id) }
            }
            td { (institution.place.as_deref().unwrap_or("–")) }
            td { span.state data-result=(standing.result()) { (icon(standing.icon())) (standing.word()) } }
        }
    }
}

/// The field to search in.
pub(super) fn search_form(depth: Depth, wanted: &str) -> Markup {
    html! {
        form role="search" method="get" action=(depth.to("node/institutions")) {
            label for="q" { "Find an institution" }
            div.search {
                input #q type="search" name="q" value=(wanted) maxlength=(super::QUERY_CHARS_MAX) autocomplete="off"
                    aria-describedby="q-hint";
                button type="submit" { "Search" }
            }
            p #q-hint .hint { "A part of its name, its identifier (did:web:…), or a place such as HN-LE." }
        }
    }
}

/// The address of an institution's page.
pub(super) fn address(depth: Depth, id: &InstitutionId) -> String {
    depth.to(&format!("node/institutions/{}", encoded(id.as_str())))
}

/// Text as a part of an address.
///
/// SPEC: RFC 3986 §2; `:` may stand in a path and in a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_searches_are_encoded_in_addresses() {
        let id = InstitutionId::parse("did:web:localhost%3A8080:a").unwrap();
        assert_eq!(address(Depth::Top, &id), "node/institutions/did:web:localhost%253A8080:a");
        assert_eq!(encoded("ñ & 1/2"), "%C3%B1%20%26%201%2F2");
    }
}
