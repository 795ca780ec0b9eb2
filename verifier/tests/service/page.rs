//! The page, as a browser without script uses it.

use crate::request::{ask, form, get, post};

#[tokio::test]
async fn the_form_works_without_script_and_names_its_language() {
    let answer = ask(get("/")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    for part in [
        "<html lang=\"en\"",
        "method=\"post\" enctype=\"multipart/form-data\"",
        "<label for=\"document\">",
        "type=\"file\"",
        "<button type=\"submit\">",
    ] {
        assert!(answer.text.contains(part), "{part} in {}", answer.text);
    }
}

/// The content security policy allows neither; a page that needed them would be broken in a browser.
#[tokio::test]
async fn pages_carry_no_inline_script_or_style() {
    for request in [get("/"), form(&[("document", Some("a.json"), b"{}")])] {
        let html = ask(request).await.text;
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        for inline in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!html.contains(inline), "{inline} in {html}");
        }
    }
}

#[tokio::test]
async fn what_the_page_loads_is_there() {
    let html = ask(get("/")).await.text;
    for (name, media_type) in [
        ("assets/app.js", "text/javascript; charset=utf-8"),
        ("assets/style.css", "text/css; charset=utf-8"),
        ("assets/icon.svg", "image/svg+xml"),
    ] {
        assert!(html.contains(&format!("\"{name}\"")), "{name} in {html}");
        let asset = ask(get(&format!("/{name}"))).await;
        assert_eq!((asset.status.as_u16(), asset.header("content-type")), (200, media_type));
        assert!(!asset.text.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_is_no_record_is_refused_in_words() {
    let answer = ask(form(&[("document", Some("holiday.json"), b"not a record")])).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("On the file <bdi>holiday.json</bdi>"), "{}", answer.text);
    assert!(answer.text.contains(">Refused</h2>"), "{}", answer.text);
    assert!(answer.text.contains("<code>document_malformed</code>"), "{}", answer.text);
    assert_eq!(answer.text.matches("<li class=\"axis\"").count(), 6);
}

#[tokio::test]
async fn the_name_of_a_file_is_text_and_never_markup() {
    let answer = ask(form(&[("document", Some("<img src=x>.json"), b"{}")])).await;
    assert!(answer.text.contains("&lt;img src=x&gt;.json"), "{}", answer.text);
    assert!(!answer.text.contains("<img"), "{}", answer.text);
}

#[tokio::test]
async fn a_form_without_a_file_is_shown_again_with_a_sentence() {
    for fields in [&[][..], &[("document", Some(""), &b""[..])], &[("as_of", None, b"2026-11-22")]] {
        let answer = ask(form(fields)).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains("role=\"alert\""), "{}", answer.text);
        assert!(answer.text.contains("<code>file_missing</code>"), "{}", answer.text);
        assert!(answer.text.contains("type=\"file\""), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_day_in_the_form_is_the_day_of_the_verdict() {
    let file = ("document", Some("a.json"), &b"{}"[..]);
    let then = ask(form(&[file, ("as_of", None, b"2027-01-31")])).await;
    assert!(then.text.contains("<time datetime=\"2027-01-31T23:59:59Z\">2027-01-31</time>"), "{}", then.text);
    let today = ask(form(&[file, ("as_of", None, b"")])).await;
    assert!(today.text.contains("<time datetime=\"2026-11-22T00:00:00Z\">"), "{}", today.text);
    let wrong = ask(form(&[file, ("as_of", None, b"31.1.2027")])).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("<code>date_malformed</code>"), "{}", wrong.text);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_answered_with_the_form() {
    for media_type in ["application/json", "multipart/form-data", "multipart/form-data; boundary=other"] {
        let answer = ask(post("/", media_type, "{}")).await;
        assert_eq!(answer.status, 400, "{media_type}");
        assert!(answer.text.contains("<code>form_malformed</code>"), "{media_type}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_form_with_too_many_fields_is_refused() {
    let many = vec![("other", None, &b"x"[..]); 9];
    let answer = ask(form(&many)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("<code>form_malformed</code>"), "{}", answer.text);
}
