//! The page with the verdict.

use matricula_tlog::UnixSeconds;
use matricula_verdict::{Axis, AxisResult, CredentialSummary, Overall, Verdict, day, rfc3339};
use maud::{Markup, html};

use crate::page::frame::frame;
use crate::page::icon::{Icon, icon};
use crate::words::{
    AXIS_QUESTIONS, accrediting_authority, harmless, is_confirmed, kind_word, overall_meaning, overall_word,
    result_name, result_word,
};

/// Names and titles are shown up to this length.
const SHOWN_CHARS_MAX: usize = 200;

/// The verdicts on one file.
pub(crate) fn page(file_name: &str, verdicts: &[Verdict]) -> Markup {
    let title = match verdicts {
        [verdict] => overall_word(verdict.overall),
        _ => "Verdicts",
    };
    let content = html! {
        h1 { "The verdict" }
        @if !file_name.is_empty() { p.file { "On the file " bdi { (file_name) } } }
        @if verdicts.len() > 1 { (overview(verdicts)) }
        @for (at, verdict) in verdicts.iter().enumerate() { (article(at + 1, verdict)) }
        p { a.again href="./" { "Verify another file" } }
    };
    frame(title, &content)
}

/// Where a file holds several credentials: each with its verdict, as links.
fn overview(verdicts: &[Verdict]) -> Markup {
    html! {
        p { "The file holds " (verdicts.len()) " credentials, each with a verdict of its own:" }
        ol.overview {
            @for (at, verdict) in verdicts.iter().enumerate() {
                li {
                    a href=(format!("#verdict-{}", at + 1)) { (heading(&verdict.credential)) }
                    ": " (overall_word(verdict.overall))
                }
            }
        }
    }
}

fn article(number: usize, verdict: &Verdict) -> Markup {
    let id = format!("verdict-{number}");
    html! {
        article.verdict id=(id) aria-labelledby=(format!("{id}-word")) {
            div.overall data-overall=(verdict.overall.as_str()) {
                (icon(overall_icon(verdict.overall)))
                div {
                    h2 id=(format!("{id}-word")) { (overall_word(verdict.overall)) }
                    p { (overall_meaning(verdict.overall)) }
                }
            }
            (credential(verdict))
            h3 { "The six questions" }
            ol.axes {
                @for ((name, axis), question) in verdict.axes.named().into_iter().zip(AXIS_QUESTIONS) {
                    (axis_item(name, question, axis))
                }
            }
        }
    }
}

/// What the record says of itself, and both dates.
fn credential(verdict: &Verdict) -> Markup {
    let credential = &verdict.credential;
    let issuer = credential.issuer_name.as_ref().or(credential.issuer.as_ref());
    html! {
        h3 { bdi { (heading(credential)) } }
        @if !is_confirmed(verdict.overall) {
            p.unconfirmed { "This is what the file says of itself. It is not confirmed." }
        }
        dl.facts {
            (fact("Learner", credential.learner.as_ref()))
            (fact("Born", credential.born.as_ref()))
            (fact("Issued by", issuer))
            (fact("Accredited by", accrediting_authority(verdict)))
            (date("Claimed date (what the record says)", credential.claimed, "not stated"))
            (date("Logged date (what the log proves)", credential.logged, "no evidence of any date"))
            @if let Some(index) = credential.log_index {
                div { dt { "Entry in the log" } dd { (index.to_string()) } }
            }
            (date("Verdict as of", Some(verdict.as_of), ""))
        }
    }
}

fn heading(credential: &CredentialSummary) -> String {
    let kind = credential.kind.as_deref().map(kind_word);
    match (kind, credential.name.as_deref()) {
        (Some(kind), Some(name)) => harmless(&format!("{kind}: {name}"), SHOWN_CHARS_MAX),
        (Some(word), None) | (None, Some(word)) => harmless(word, SHOWN_CHARS_MAX),
        (None, None) => "A document without a title".to_owned(),
    }
}

fn fact(name: &str, value: Option<&String>) -> Markup {
    html! {
        @if let Some(value) = value {
            div { dt { (name) } dd { bdi { (harmless(value, SHOWN_CHARS_MAX)) } } }
        }
    }
}

fn date(name: &str, at: Option<UnixSeconds>, absent: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd {
                @match at {
                    Some(at) => time datetime=(rfc3339(at)) { (day(at)) },
                    None => (absent),
                }
            }
        }
    }
}

fn axis_item(name: &str, question: &str, axis: &Axis) -> Markup {
    html! {
        li.axis data-axis=(name) data-result=(result_name(axis.result)) {
            h4 { (question) }
            p.answer { (icon(result_icon(axis.result))) strong { (result_word(axis.result)) } }
            p { bdi { (axis.text) } }
            @if !axis.codes.is_empty() {
                p.code {
                    "Code: "
                    @for (at, code) in axis.codes.iter().enumerate() {
                        @if at > 0 { ", " }
                        code { (code.as_str()) }
                    }
                }
            }
        }
    }
}

const fn overall_icon(overall: Overall) -> Icon {
    match overall {
        Overall::Verified => Icon::Tick,
        Overall::VerifiedWithWarnings => Icon::Exclamation,
        Overall::UnknownIssuer | Overall::CouldNotCheck => Icon::Question,
        Overall::Refused => Icon::Cross,
    }
}

const fn result_icon(result: AxisResult) -> Icon {
    match result {
        AxisResult::Pass => Icon::Tick,
        AxisResult::Warn => Icon::Exclamation,
        AxisResult::Fail => Icon::Cross,
        AxisResult::Unknown => Icon::Question,
        AxisResult::NotApplicable => Icon::Dash,
    }
}

#[cfg(test)]
mod tests {
    use matricula_verdict::Verdict;

    use super::page;
    use crate::sample;

    fn shown(verdict: Verdict) -> String {
        page("maria.json", &[verdict]).into_string()
    }

    #[test]
    fn every_verdict_has_its_word_and_every_axis_its_question_and_answer() {
        let html = shown(sample::refused());
        assert!(html.contains(">Refused</h2>"), "{html}");
        assert_eq!(html.matches("<li class=\"axis\"").count(), 6);
        assert!(html.contains("data-axis=\"status\" data-result=\"fail\""), "{html}");
        assert!(html.contains("<strong>failed</strong>"), "{html}");
        assert!(html.contains("Revoked on 2026-11-21: issued in error."), "{html}");
        assert!(!html.contains(">Verified</h2>"));
    }

    #[test]
    fn a_record_that_is_not_verified_is_said_to_be_unconfirmed() {
        assert!(shown(sample::refused()).contains("It is not confirmed."));
        assert!(!shown(sample::verified()).contains("It is not confirmed."));
    }

    #[test]
    fn no_authority_is_named_beside_an_issuer_it_did_not_accredit() {
        assert!(shown(sample::verified()).contains("Secretaría de Educación"));
        let mut verdict = sample::unknown_issuer();
        verdict.credential.authority = Some("Secretaría de Educación".to_owned());
        assert!(!shown(verdict).contains("Secretaría de Educación"));
    }

    #[test]
    fn both_dates_are_shown_and_a_missing_one_is_said() {
        let html = shown(sample::verified());
        assert!(html.contains("<time datetime=\"2026-11-20T12:00:00Z\">2026-11-20</time>"), "{html}");
        assert!(html.contains("<time datetime=\"2026-11-21T12:00:00Z\">2026-11-21</time>"), "{html}");
        assert!(shown(sample::unknown_issuer()).contains("no evidence of any date"));
    }

    #[test]
    fn what_a_document_says_is_text_and_never_markup() {
        let mut verdict = sample::verified();
        verdict.credential.learner = Some("<script>alert(1)</script>".to_owned());
        verdict.axes.content.text = "<img src=x>".to_owned();
        let html = page("\"><b>.json", &[verdict]).into_string();
        for markup in ["<script>alert", "<img", "<b>"] {
            assert!(!html.contains(markup), "{markup} in {html}");
        }
        assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_file_with_several_credentials_lists_them_all() {
        let html = page("class.json", &[sample::verified(), sample::refused()]).into_string();
        assert!(html.contains("href=\"#verdict-2\""), "{html}");
        assert!(html.contains("id=\"verdict-2\""), "{html}");
    }
}
