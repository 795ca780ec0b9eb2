//! What every page has around its content.

use maud::{DOCTYPE, Markup, html};

/// A whole page. Addresses are relative, so that the service can stand under any path that ends in a slash.
pub(crate) fn frame(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light";
                title { (title) " · Matricula" }
                link rel="icon" href="assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="assets/style.css";
                script src="assets/app.js" defer {}
            }
            body {
                a.skip href="#main" { "Go to the content" }
                header { p.brand { "Matricula" } }
                main #main { (content) }
                footer {
                    p {
                        "The file is checked in the memory of this service and then forgotten. \
                         Nothing is stored, and nobody is told that you asked."
                    }
                }
            }
        }
    }
}
