//! What every page has around its content.

use maud::{DOCTYPE, Markup, html};

/// Where a page stands below the log's prefix. Addresses are relative, so that the log can stand under any prefix, also one
/// that a proxy has put before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// `node`.
    Top,
    /// `node/…`.
    List,
    /// `node/…/…`.
    Item,
}

impl Depth {
    /// The way from a page at this depth to a path below the log's prefix.
    pub(super) fn to(self, path: &str) -> String {
        let up = match self {
            Self::Top => "",
            Self::List => "../",
            Self::Item => "../../",
        };
        format!("{up}{path}")
    }
}

/// Which of the pages in the menu this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    /// The log and its peers. Reads itself again.
    Node,
    /// The registry.
    Institutions,
    /// Evidence.
    Evidence,
    /// None of them.
    None,
}

/// How often a browser without script reads the page again. Rarer than with script, since the place on the page is lost.
const REFRESH_SECONDS: &str = "60";

/// A whole page.
pub(super) fn frame(depth: Depth, tab: Tab, title: &str, content: &Markup) -> Markup {
    let asset = |name: &str| depth.to(&format!("node/assets/{name}"));
    html! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light";
                title { (title) " · Matricula" }
                link rel="icon" href=(asset("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(asset("style.css"));
                @if tab == Tab::Node {
                    script src=(asset("refresh.js")) defer {}
                    noscript { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                }
            }
            body {
                a.skip href="#main" { "Go to the content" }
                header {
                    p.brand { "Matricula" }
                    nav aria-label="Pages of this node" {
                        (entry(depth, tab, Tab::Node, "node", "The log"))
                        (entry(depth, tab, Tab::Institutions, "node/institutions", "Institutions"))
                        (entry(depth, tab, Tab::Evidence, "node/evidence", "Evidence"))
                    }
                }
                main #main tabindex="-1" { (content) }
                footer {
                    p {
                        "Anybody may read this page. The log holds no personal data: what it has of learners' records are \
                         commitments, which tell nothing to those who do not have the record."
                    }
                }
            }
        }
    }
}

fn entry(depth: Depth, here: Tab, tab: Tab, path: &str, name: &str) -> Markup {
    let current = (here == tab).then_some("page");
    html! { a href=(depth.to(path)) aria-current=[current] { (name) } }
}

/// A table in a box that scrolls by itself where the screen is narrow; so it can be reached by keyboard.
pub(super) fn table(caption: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.table role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// Links to the pages before and after this one of a list, if there are any. `query` is what else the address carries,
/// encoded, with an `&` at its end.
pub(super) fn pager(path: &str, query: &str, page: Page) -> Markup {
    html! {
        @if page.count() > 1 {
            nav.pager aria-label="Pages of the list" {
                @if page.number > 1 { a rel="prev" href={ (path) "?" (query) "page=" (page.number - 1) } { "Previous" } }
                span { "Page " (page.number) " of " (page.count()) }
                @if page.number < page.count() {
                    a rel="next" href={ (path) "?" (query) "page=" (page.number + 1) } { "Next" }
                }
            }
        }
    }
}

/// Lines on a page of a list.
pub(super) const PAGE_LINES: usize = 50;

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// From 1 on.
    pub(super) number: usize,
    /// Lines of the whole list.
    pub(super) lines: usize,
}

impl Page {
    /// The page of that number; the last one, if there are not so many.
    pub(super) fn of(number: u32, lines: usize) -> Self {
        let page = Self { number: usize::try_from(number).unwrap_or(usize::MAX), lines };
        Self { number: page.number.clamp(1, page.count()), lines }
    }

    pub(super) const fn count(self) -> usize {
        let pages = self.lines.div_ceil(PAGE_LINES);
        if pages == 0 { 1 } else { pages }
    }

    /// The position of its first line.
    pub(super) const fn start(self) -> usize {
        (self.number - 1) * PAGE_LINES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_beyond_the_end_is_the_last_one() {
        assert_eq!(Page::of(9, 101), Page { number: 3, lines: 101 });
        assert_eq!(Page::of(9, 101).start(), 100);
        assert_eq!(Page::of(0, 0), Page { number: 1, lines: 0 });
        assert_eq!(Page::of(u32::MAX, 50).count(), 1);
    }

    #[test]
    fn addresses_lead_up_to_the_prefix() {
        assert_eq!(Depth::Top.to("node"), "node");
        assert_eq!(Depth::List.to("node"), "../node");
        assert_eq!(Depth::Item.to("entries/3/proof"), "../../entries/3/proof");
    }
}
