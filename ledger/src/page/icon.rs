//! Signs beside words: each has a shape of its own, so none is told by its colour.

use maud::{Markup, PreEscaped, html};

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    /// A tick in a circle.
    Tick,
    /// An exclamation mark in a triangle.
    Exclamation,
    /// A cross in an octagon.
    Cross,
    /// A question mark in a square.
    Question,
    /// A dash.
    Dash,
}

/// The sign as a drawing that screen readers pass over: the word stands beside it.
pub(super) fn icon(icon: Icon) -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            (PreEscaped(shape(icon)))
        }
    }
}

const fn shape(icon: Icon) -> &'static str {
    match icon {
        Icon::Tick => r#"<circle cx="12" cy="12" r="10"/><path d="M7 12.5l3.5 3.5L17 9"/>"#,
        Icon::Exclamation => r#"<path d="M12 2.5L22.5 21h-21z"/><path d="M12 9v6M12 17.6v.8"/>"#,
        Icon::Cross => r#"<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>"#,
        Icon::Question => {
            r#"<rect x="2" y="2" width="20" height="20" rx="4"/><path d="M9 9.3a3 3 0 1 1 4.2 2.7c-.8.4-1.2.9-1.2 1.8M12 16.8v.8"/>"#
        }
        Icon::Dash => r#"<path d="M5 12h14"/>"#,
    }
}
