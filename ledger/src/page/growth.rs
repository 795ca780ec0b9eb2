//! A picture of how the log grew.

use matricula_registry::day;
use maud::{Markup, html};

use super::words::counted;
use crate::node::Growth;

/// Checkpoints that the picture is drawn from, each one a look-up in the history.
pub(super) const POINTS_MAX: u64 = 32;

const WIDTH: u64 = 320;
const HEIGHT: u64 = 96;

/// The picture, with its words; nothing while there are not two checkpoints at different times.
pub(super) fn picture(growth: &[Growth]) -> Option<Markup> {
    let (first, last) = (growth.first()?, growth.last()?);
    let (span, top) = (last.at.get().checked_sub(first.at.get())?, last.size.get());
    if span == 0 || top == 0 {
        return None;
    }
    let place = |point: &Growth| {
        let x = scaled(point.at.get().saturating_sub(first.at.get()), span, WIDTH);
        (x, HEIGHT - scaled(point.size.get(), top, HEIGHT))
    };
    // A log keeps its size until its next checkpoint.
    let steps = growth.windows(2).flat_map(|pair| {
        let (before, after) = (place(&pair[0]), place(&pair[1]));
        [(after.0, before.1), after]
    });
    let points = core::iter::once(place(first)).chain(steps);
    let line = points.map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
    let area = format!("0,{HEIGHT} {line} {WIDTH},{HEIGHT}");
    let words = format!(
        "The log grew from {} on {} to {} on {}.",
        counted(first.size.get(), "entry"),
        day(first.at),
        counted(top, "entry"),
        day(last.at)
    );
    Some(html! {
        figure.growth {
            svg role="img" aria-label=(words) viewBox={ "0 -3 " (WIDTH) " " (HEIGHT + 6) } preserveAspectRatio="none" {
                polygon points=(area) {}
                polyline points=(line) {}
            }
            figcaption { (words) }
        }
    })
}

/// A share of a whole, on a scale.
fn scaled(part: u64, whole: u64, scale: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(scale) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(scale).min(scale)
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{TreeSize, UnixSeconds};

    use super::*;

    fn growth(points: &[(u64, u64)]) -> Vec<Growth> {
        let point =
            |(at, size): &(u64, u64)| Growth { at: UnixSeconds::new(*at), size: TreeSize::new(*size) };
        points.iter().map(point).collect()
    }

    #[test]
    fn draws_from_the_first_checkpoint_to_the_last() {
        let picture = picture(&growth(&[(0, 1), (50, 60), (100, 120)])).unwrap().into_string();
        assert!(picture.contains(r#"<polyline points="0,96 160,96 160,48 320,48 320,0">"#), "{picture}");
        assert!(picture.contains("from 1 entry on 1970-01-01 to 120 entries"), "{picture}");
    }

    #[test]
    fn draws_nothing_without_a_span_of_time() {
        assert!(picture(&growth(&[])).is_none());
        assert!(picture(&growth(&[(5, 1)])).is_none());
        assert!(picture(&growth(&[(5, 1), (5, 9)])).is_none());
        // A clock that went back.
        assert!(picture(&growth(&[(5, 1), (4, 9)])).is_none());
    }

    #[test]
    fn the_largest_numbers_stay_in_the_picture() {
        let picture = picture(&growth(&[(0, 1), (u64::MAX, u64::MAX)])).unwrap().into_string();
        assert!(picture.contains(r#"points="0,96 320,96 320,0""#), "{picture}");
    }
}
