//! Evidence that the node holds.

use maud::{Markup, html};

use super::frame::{Depth, PAGE_LINES, Page, Tab, frame, pager};
use super::icon::{Icon, icon};
use super::problem::PageError;
use super::replication::{EvidenceView, ReplicationView};

/// All of it, page by page.
pub(super) fn page(replication: &dyn ReplicationView, number: u32) -> Result<Markup, PageError> {
    let depth = Depth::List;
    let all = replication.evidence_count();
    let page = Page::of(number, all);
    let content = html! {
        h1 { "Evidence" }
        p.lead {
            "Each file shows, to anybody and offline, that the holder of a key signed what it must not. "
            "Check it with " code { "matricula node evidence verify FILE" } "."
        }
        (list(depth, all, &replication.evidence(page.start(), PAGE_LINES)))
        (pager("evidence", "", page))
    };
    Ok(frame(depth, Tab::Evidence, "Evidence", &content))
}

/// Pieces of evidence, or that there are none.
pub(super) fn list(depth: Depth, all: usize, shown: &[EvidenceView]) -> Markup {
    html! {
        @if all == 0 {
            p.state data-result="pass" { (icon(Icon::Tick)) "This node holds no evidence against anybody." }
        } @else {
            ul.plain {
                @for piece in shown {
                    li {
                        p.state data-result="warn" { (icon(Icon::Exclamation)) strong { (piece.signer) } }
                        p { (piece.finding) }
                        p.hint {
                            a href=(depth.to(&format!("node/evidence/{}", piece.id))) { "The file" }
                            ", SHA-256 " code { (piece.id) }
                        }
                    }
                }
            }
        }
    }
}
